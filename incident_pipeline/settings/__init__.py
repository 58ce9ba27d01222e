"""config/*.yaml (or .toml) and the environment in, `Settings` out. Every problem is one line with file and line."""

from incident_pipeline.settings.app import AppConfig, Settings
from incident_pipeline.settings.entries import SourceEntry, canonical_type
from incident_pipeline.settings.load import load_settings

__all__ = ["AppConfig", "Settings", "SourceEntry", "canonical_type", "load_settings"]
