// SPDX-License-Identifier: GPL-2.0
#include "report/formats.h"

namespace pinrig::report {

const std::vector<Format>& formats() {
  static const std::vector<Format> all{
      {"junit", "--junit", "Also write JUnit XML to this file (- for stdout; the report then goes to stderr)",
       unfinished_junit, junit},
      {"ktap", "--ktap", "Also write KTAP", unfinished_ktap, ktap},
      {"json", "--json", "Also write everything as JSON", unfinished_json, json},
      {"kcidb", "--kcidb", "Also write a KCIDB report (schema 5.3)", unfinished_kcidb, kcidb},
      {"ctrf", "--ctrf", "Also write CTRF (Common Test Report Format)", unfinished_ctrf, ctrf},
      {"github", "--github", "Also write Markdown for GITHUB_STEP_SUMMARY", unfinished_github, github},
      {"annotations", "--annotations", "Also write workflow commands that GitHub shows as annotations",
       unfinished_annotations, annotations},
      {"metrics", "--metrics", "Also write gauges for Prometheus' textfile collector", unfinished_metrics,
       metrics},
  };
  return all;
}

const Format* format_of(const std::string& name) {
  for (const auto& f : formats()) {
    if (name == f.name) return &f;
  }
  return nullptr;
}

}  // namespace pinrig::report
