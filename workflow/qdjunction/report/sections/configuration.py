"""The configuration of the study."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qdjunction.core.yaml import dump_yaml
from qdjunction.report.sections.contract import PageSection

if TYPE_CHECKING:
    from markupsafe import Markup

    from qdjunction.report.page import Page


class ConfigurationSection(PageSection):
    """Every setting of the study, defaults included."""

    name = "config"
    order = 100
    title = "Configuration"

    def html(self, page: Page) -> Markup:
        """Return the settings as YAML, without those of engines that the study does not use."""
        from qdjunction.study.study_file import study_values

        return page.render(HTML, config_yaml=dump_yaml(study_values(page.results.study)["config"]))


HTML = """
<section id="config">
<h2>Configuration</h2>
<p>The study with every setting, defaults included.</p>
<pre>{{ config_yaml }}</pre>
</section>
"""

KIND = ConfigurationSection()
