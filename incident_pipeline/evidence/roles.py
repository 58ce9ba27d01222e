"""A path in, its role in the repository out: what a change to it can break. Names only, no content is read."""

import re
from functools import lru_cache
from typing import Literal

Role = Literal["source", "test", "docs", "manifest", "ci", "config", "data"]

_CODE = """py pyi pyx js jsx mjs cjs ts tsx mts cts vue svelte go rs java kt kts scala groovy cs fs vb c h cc cpp cxx
    hpp hh hxx m mm rb php swift ex exs erl hs ml clj lua pl pm r jl dart zig nim sh bash zsh ps1 sql proto"""
_SUFFIXES = frozenset(_CODE.split())

_MANIFEST = re.compile(
    r"(?:^|/)(?:requirements[^/]*\.(?:txt|in)|[^/]*requirements\.txt|constraints[^/]*\.txt|pipfile(?:\.lock)?|poetry\.lock|uv\.lock"
    r"|pdm\.lock|setup\.(?:py|cfg)|pyproject\.toml|environment\.ya?ml|package(?:-lock)?\.json|npm-shrinkwrap\.json|yarn\.lock"
    r"|pnpm-lock\.yaml|bun\.lockb?|go\.(?:mod|sum)|cargo\.(?:toml|lock)|pom\.xml|build\.gradle(?:\.kts)?|gradle\.lockfile"
    r"|libs\.versions\.toml|gemfile(?:\.lock)?|[^/]*\.gemspec|composer\.(?:json|lock)|[^/]*\.csproj|packages\.lock\.json"
    r"|directory\.packages\.props|mix\.(?:exs|lock)|conanfile[^/]*|vcpkg\.json)$",
    re.IGNORECASE,
)
_CI = re.compile(
    r"(?:^|/)(?:\.github/(?:workflows|actions)/.*|\.gitlab-ci\.yml|\.circleci/.*|jenkinsfile[^/]*|azure-pipelines[^/]*"
    r"|\.travis\.yml|appveyor\.yml|bitbucket-pipelines\.yml|dockerfile[^/]*|docker-compose[^/]*|makefile|justfile)$",
    re.IGNORECASE,
)
_ASIDE = re.compile(r"(?:^|/)(?:docs?|documentation|man|examples?|samples|demos?|benchmarks?)/", re.IGNORECASE)
_DOCS = re.compile(
    r"\.(?:md|rst|adoc|po|pot|mo)$"
    r"|(?:^|/)(?:license|copying|authors|changelog|changes|history|news|readme|contributing|codeowners)(?:\.[a-z]+)?$",
    re.IGNORECASE,
)
_TEST = re.compile(
    r"(?:^|/)(?:tests?|testing|specs?|__tests__|e2e)/|(?:^|/)(?:test_[^/]*|conftest\.py)$"
    r"|(?:_tests?|_spec|\.test|\.spec|Tests?|Spec|IT)\.[a-z]+$"
)
_CONFIG = re.compile(
    r"\.(?:toml|cfg|ini|ya?ml|json5?|xml|properties|env|conf|gradle|cmake|mk|bazel|bzl)$|(?:^|/)\.[^/]+$", re.IGNORECASE
)


@lru_cache(maxsize=1 << 13)
def role(path: str) -> Role:
    """The first that fits: manifest, CI, docs (examples and benchmarks too), test, source by suffix, config, data."""
    if _MANIFEST.search(path):
        return "manifest"
    if _CI.search(path):
        return "ci"
    suffix = path.rpartition(".")[2].lower()
    if _ASIDE.search(path) or (_DOCS.search(path) and suffix not in _SUFFIXES):
        return "docs"
    if _TEST.search(path):
        return "test"
    if suffix in _SUFFIXES:
        return "source"
    return "config" if _CONFIG.search(path) else "data"
