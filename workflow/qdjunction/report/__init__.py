"""Figures, tables and the report page."""

from qdjunction.core.extras import require_extra

require_extra("report")
