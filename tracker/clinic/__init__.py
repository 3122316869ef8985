"""The clinic's record: patients, views, photos and measurements. The only package that touches disk or SQL."""

from __future__ import annotations

from tracker.clinic.clinic import Clinic
from tracker.clinic.records import Patient, PhotoState, StoredPhoto, Tile, View, Work, data_folder

__all__ = ["Clinic", "Patient", "PhotoState", "StoredPhoto", "Tile", "View", "Work", "data_folder"]
