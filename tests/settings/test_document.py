from pathlib import Path

import pytest

from incident_pipeline.errors import ConfigError
from incident_pipeline.settings.document import MAX_BYTES, Document, read_document


def _read(folder: Path, text: str, name: str = "f.yaml") -> Document:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return read_document(path)


def _refused(folder: Path, text: str, name: str = "f.yaml") -> str:
    with pytest.raises(ConfigError) as error:
        _read(folder, text, name)
    return str(error.value).removeprefix(str(folder) + "/")


def test_yaml_values_and_the_line_of_every_key(tmp_path: Path) -> None:
    document = _read(tmp_path, "# c\na:\n  - b: 1\n    c: [x, y]\nd: {e: true, f: null, g: 2.5}\n")
    assert document.data == {"a": [{"b": 1, "c": ["x", "y"]}], "d": {"e": True, "f": None, "g": 2.5}}
    assert document.lines["a.0"] == document.lines["a.0.b"] == 3
    assert document.lines["a.0.c"] == document.lines["a.0.c.1"] == 4
    assert document.lines["d.e"] == 5
    assert document.line("d.e.nothing.here") == 5
    assert document.line("nowhere") == 0


def test_a_date_stays_the_words_it_was_written_in(tmp_path: Path) -> None:
    assert _read(tmp_path, "a: 2024-01-01\nb: 2024-01-01 14:00:00\n").data == {
        "a": "2024-01-01",
        "b": "2024-01-01 14:00:00",
    }


@pytest.mark.parametrize("text", ["", "# only a comment\n", "---\n", "\ufeff# with a byte order mark\n"])
def test_an_empty_file_holds_nothing(tmp_path: Path, text: str) -> None:
    assert _read(tmp_path, text).data == {}


def test_toml_has_the_same_values_and_lines(tmp_path: Path) -> None:
    text = (
        '[[git_sources]]\ntype = "github"\n[git_sources.config]\nowner = "a"\n\n'
        '[[git_sources]]\ntype = "local"\nconfig = { path = "p" }\n[x]\ny = 1\n'
    )
    document = _read(tmp_path, text, "f.toml")
    assert document.data["git_sources"] == [
        {"type": "github", "config": {"owner": "a"}},
        {"type": "local", "config": {"path": "p"}},
    ]
    assert document.lines["git_sources.0.config.owner"] == 4
    assert document.lines["git_sources.1.type"] == 7
    assert document.line("git_sources.1.config.path") == 8
    assert document.lines["x.y"] == 10


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [1\nb: 2\n", "f.yaml:2: not valid YAML: expected ',' or ']', but got ':'"),
        ("a: &x 1\nb: *x\n", "f.yaml:2: not valid YAML: aliases (*name) are not allowed here: write it out"),
        ("- a\n", "f.yaml:1: expected keys and values, such as git_sources:"),
        ("text\n", "f.yaml:1: expected keys and values, such as git_sources:"),
        ("a: 1\n---\nb: 2\n", "f.yaml:2: not valid YAML: but found another document"),
        ("a: \x07\n", "f.yaml: not valid YAML: it holds control characters"),
        ("[" * 5000, "f.yaml: nested too deeply"),
    ],
)
def test_broken_yaml_is_one_line(tmp_path: Path, text: str, said: str) -> None:
    assert _refused(tmp_path, text) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('a = "x"\nb = \n', "f.toml:2: not valid TOML: Invalid value"),
        ("a = 1\na = 2\n", "f.toml:2: not valid TOML: Cannot overwrite a value"),
    ],
)
def test_broken_toml_is_one_line(tmp_path: Path, text: str, said: str) -> None:
    assert _refused(tmp_path, text, "f.toml") == said


def test_a_key_given_twice_names_both_lines(tmp_path: Path) -> None:
    document = _read(tmp_path, "a:\n  b: 1\n  b: 2\n")
    assert [str(p) for p in document.problems] == [f"{tmp_path}/f.yaml:3: key 'b' is given twice (first in line 2)"]
    assert document.data == {"a": {"b": 1}}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: !!python/object/apply:os.system ['true']\n", None),
        ("a: !!python/name:os.system x\n", "is not allowed here: write a plain value"),
        ("a: !!binary aGk=\n", "is not allowed here: write a plain value"),
        ("a: 2024-13-45\n", "cannot be read as the number or date it looks like: put it in quotes"),
        ("? [x]\n: 1\n", "a key must be a plain word"),
    ],
)
def test_tags_are_never_run(tmp_path: Path, text: str, said: str | None) -> None:
    document = _read(tmp_path, text)
    if said is None:
        # A tagged list is read as the plain list it is written as: nothing is called.
        assert document.data == {"a": ["true"]}
    else:
        assert [p.text.endswith(said) for p in document.problems] == [True]


def test_what_is_no_text_or_too_large_or_absent_is_refused(tmp_path: Path) -> None:
    (tmp_path / "f.yaml").write_bytes(b"a: \xff\n")
    with pytest.raises(ConfigError, match="not UTF-8 text"):
        read_document(tmp_path / "f.yaml")
    with pytest.raises(ConfigError, match="No such file"):
        read_document(tmp_path / "none.yaml")
    (tmp_path / "big.yaml").write_bytes(b"#" * (MAX_BYTES + 1))
    with pytest.raises(ConfigError, match="larger than 1 MiB"):
        read_document(tmp_path / "big.yaml")
