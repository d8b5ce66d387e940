"""Diagnoses: what goes wrong in backpropagation, found in a recording, with place, evidence and cure."""

from gradviz.diagnostics.finding import SEVERITIES, Check, Finding
from gradviz.diagnostics.table import CHECKS, diagnose

__all__ = ["CHECKS", "SEVERITIES", "Check", "Finding", "diagnose"]
