// SPDX-License-Identifier: GPL-2.0
// Facts for tests: one test that passes in every respect, to be broken in one respect at a time.
#pragma once

#include <string>

#include "verdict/judge.h"

namespace pinrig::verdict {

inline model::TestSpec spec_of(const std::string& name) {
  model::TestSpec spec;
  spec.name = name;
  spec.program = "pin/x";
  return spec;
}

inline model::TestRecord passing_record(const std::string& name) {
  model::TestRecord r;
  r.name = name;
  r.exit = {model::TestExit::Kind::exited, 0};
  r.wall_s = 0.5;
  r.output = "KTAP version 1\n1..2\nok 1 one\nok 2 two\n";
  r.ledger.available = true;
  r.ledger.settled_before = r.ledger.settled_after = true;
  r.ledger.before = {1000, 1000};
  r.ledger.after = {1272, 1272};
  r.taint_before = r.taint_after = 0;
  return r;
}

inline JobFacts passing_facts() {
  JobFacts f;
  f.outcome.kind = model::JobOutcome::Kind::completed;
  f.planned = {spec_of("bio/dio")};
  f.records = {passing_record("bio/dio")};
  f.control_ran = true;
  f.control.available = true;
  f.control.outstanding_held = 16;
  f.control_pages = 16;
  f.counters = true;
  return f;
}

inline model::KernelEvent event_of(const std::string& kind, const std::string& owner, bool fatal = false) {
  model::KernelEvent e;
  e.kind = kind;
  e.title = kind + " title";
  e.first_line = 7;
  e.last_line = 9;
  e.owner = owner;
  e.fatal = fatal;
  return e;
}

/// The verdict of the first planned test itself.
inline model::TestVerdict first(const JobFacts& facts) { return judge(facts).verdicts.at(0); }

}  // namespace pinrig::verdict
