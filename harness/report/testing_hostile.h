// SPDX-License-Identifier: GPL-2.0
// A run whose every text means something to some format. For the tests of all that render runs.
#pragma once

#include <string>

#include "report/testing.h"

namespace pinrig::report {

/// What a guest, a series or a test may bring: markup of every format, escapes, NUL, no characters, no UTF-8.
inline std::string hostile() {
  using namespace std::string_literals;
  return "</td><script>alert(1)</script>]]> --> &amp; \"'` | \\ * _ [x](http://e) @all #1 ::error::x %0A "
         "\x1b[31m\0 \xef\xbf\xbe \xef\xbf\xbf \xc3\x28 \xff \n# EOF\n"s +
         std::string(3000, 'n');
}

/// A leak, a failed case, a known issue and a warning of the kernel, each with such names and texts.
inline void write_hostile(Fixture& f) {
  const std::string evil = hostile();
  auto bad = surprising(test_row("s/a", model::Verdict::leak, 16, 4), evil);
  bad.result.verdict.diagnostics = {evil, "ok 1 - x # SKIP"};
  auto odd = surprising(case_row("s/b", evil, model::Verdict::fail), evil);
  auto known = assessed(test_row("s/c", model::Verdict::leak, 2, 2), model::Rule::known_issue, evil, evil);
  model::KernelEvent event{"warning", evil, evil, 1, 2, "s/a", false, 1};
  event.text = {evil};
  auto tip = kernel(model::Arch::x86_64, 1, "tip",
                    {bad, test_row("s/b", model::Verdict::pass, 1), odd, known,
                     test_row("s/" + evil, model::Verdict::pass)},
                    {event});
  tip.row.point.subject = evil;
  tip.row.point.version = evil;
  tip.row.failure = evil;
  tip.row.notes = tip.row.warnings = tip.row.known = {evil};
  tip.row.unmet = {evil};
  tip.row.lost = {{"s/b", evil, model::Verdict::pass, evil}};
  tip.main().row.capabilities = {{evil, evil}};
  tip.main().row.release = evil;
  tip.main().row.notes = {evil};
  f.run.series = f.run.base = f.run.spec = evil;
  f.write({kernel(model::Arch::x86_64, 0, "base", {test_row("s/a", model::Verdict::pass, 16)}), tip});
  f.run = *f.store.find_run(f.run.id).value();
}

}  // namespace pinrig::report
