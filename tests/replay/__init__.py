"""Recorded answers of real servers, served again over loopback."""
