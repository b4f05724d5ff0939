// SPDX-License-Identifier: GPL-2.0
#include "report/show.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "report/dump_text.h"
#include "report/sections.h"
#include "report/selection.h"
#include "report/table.h"

namespace pinrig::report {
namespace {

std::string field(const Painter& p, const std::string& name, const std::string& value) {
  return value.empty() ? "" : hanging(p, "  " + p.dim(pad(name, 13)) + " ", value);
}

std::string point_text(const model::Point& point) {
  return point.is_base() ? "the base" : fmt::format("patch {}: {}", point.number, point.subject);
}

std::string not_built_text(const store::KernelRow& k) {
  return k.failure.empty() ? store::to_string(k.state) : k.failure;
}

std::string guest_fields(const KernelData& kernel, const GuestData& data, const Painter& p) {
  const auto& k = kernel.row;
  const auto& g = data.row;
  std::string out = p.bold(g.id) + "  " + point_text(k.point) + "\n";
  out += field(p, "outcome", kernel.built() ? outcome_text(g.outcome) : "not tested: " + not_built_text(k));
  for (const auto& a : data.attempts) {
    if (data.attempts.size() > 1)
      out += field(p, fmt::format("attempt {}", a.number),
                   fmt::format("{}, boot {}, {} in all; {}", outcome_text(a.outcome), human_seconds(a.boot_s),
                               human_seconds(a.wall_s), shell_quote(a.dir)));
    if (a.dump) {
      for (const auto& [name, value] : dump_fields(*a.dump)) out += field(p, name, value);
    }
    if (a.loss == model::Loss::none) continue;
    out += field(p, "stopped", fmt::format("{}: {}", model::words(a.loss), join(a.evidence, ", ")));
    std::error_code ec;
    const fs::path look = fs::path(a.dir) / "last_look";
    if (fs::is_directory(look, ec)) out += field(p, "last look", shell_quote(look.string()));
  }
  if (!k.key.empty())
    out += field(p, "kernel",
                 g.release + (k.cached ? ", built before"
                                       : fmt::format(", built in {}", human_seconds(k.build_wall_s))));
  out += field(p, "kernel key", k.key);
  out += field(p, "build log", k.build_log);
  out += field(p, "tree", k.point.tree);
  out += field(p, "config", k.config.text());
  out += field(p, "machine", g.machine + (g.reason.empty() ? "" : fmt::format(" ({})", g.reason)));
  if (data.started()) {
    out += field(p, "accelerator",
                 g.accel + (g.cpu_model.empty() ? "" : " (-cpu " + g.cpu_model + ")") +
                     (g.accel_reason.empty() ? "" : ", " + g.accel_reason));
    out +=
        field(p, "times", fmt::format("boot {}, guest {}", human_seconds(g.boot_s), human_seconds(g.wall_s)));
  }
  out += field(p, "capabilities", capability_words(g.capabilities));
  out += field(p, "other runs", capability_words(kernel.elsewhere));
  for (const auto& u : k.unmet) out += field(p, "not met", u);
  for (const auto& l : k.lost) out += field(p, "gone", fmt::format("{}: {}", name_of(l), text_of(l)));
  for (const auto* list : {&k.known, &k.notes, &g.notes}) {
    for (const auto& n : *list) out += field(p, "note", n);
  }
  for (const auto& e : data.events)
    out += field(
        p, "kernel log",
        fmt::format("{} ({}, console lines {}-{}{}{})", e.title,
                    e.owner.empty() ? "outside of tests" : "during " + e.owner, e.first_line, e.last_line,
                    e.count > 1 ? fmt::format(", {} times", e.count) : "", e.fatal ? ", fatal" : ""));
  return out;
}

/// `test` is the one to run again, empty for all.
std::string file_fields(const store::GuestRow& j, const std::string& test, const Painter& p) {
  if (j.dir.empty() || j.accel.empty()) return "";  // no guest was started, so it left nothing
  std::string out = "\n" + p.bold("files") + "\n";
  out += field(p, "console", shell_quote(j.dir + "/console.raw"));
  out += field(p, "results", shell_quote(j.dir + "/results.raw"));
  const bool program = !test.empty() && !model::is_harness_row(test);
  if (program) out += field(p, "output", shell_quote(j.dir + "/tests/" + test + ".out"));
  out += field(p, "QEMU", shell_quote(j.dir + "/qemu.args"));
  out += field(p, "reproduce",
               shell_quote(j.dir + "/repro.sh") + (program ? " --test " + shell_quote(test) : ""));
  out += field(p, "interactive", shell_quote(j.dir + "/repro.sh") + " --shell");
  return out;
}

/// Every test of a guest in one line each.
std::string test_list(const GuestData& data, const Painter& p) {
  if (data.tests.empty()) return "";
  std::size_t name = 0;
  std::size_t verdict = 0;
  std::size_t pins = 0;
  for (const auto& t : data.tests) {
    name = std::max(name, width_of(t.row.verdict().test));
    verdict = std::max(verdict, width_of(verdict_text(t.row, p, 0)));
    pins = std::max(pins, width_of(pins_text(t.row, p)));
  }
  std::string out = "\n" + p.bold("tests") + "\n";
  for (const auto& t : data.tests) {
    std::string line = "  " + pad(t.row.verdict().test, name) + "  " +
                       pad(verdict_text(t.row, p, 0), verdict) + "  " + pad(pins_text(t.row, p), pins) +
                       fmt::format("  {:>6}", human_seconds(t.row.verdict().wall_s));
    out += line + (t.cases.empty() ? "" : "  " + join(case_counts(t, p), ", ")) + "\n";
    const bool open = !t.row.assessment && is_bad(t.row.verdict().verdict);
    if ((open || !t.as_expected()) && !t.row.verdict().detail.empty())
      out += hanging(p, "    ", t.row.verdict().detail);
  }
  return out;
}

const char* claim_words(const model::PinClaim& c) {
  switch (c.mode) {
    case model::PinClaim::Mode::net_zero:
      return "to unpin everything it pins";
    case model::PinClaim::Mode::exact:
      return "exactly";
    case model::PinClaim::Mode::at_least:
      return "at least";
  }
  return "";
}

std::string ledger_table(const model::TestResult& row, const Painter& p) {
  if (!row.ledger) return "";
  const auto& l = *row.ledger;
  std::string out = "\n" + p.bold("pins") + p.dim("  base pages") + "\n";
  if (!l.available) return out + "  not available: this kernel does not count pins\n";
  const auto settled = [](bool yes) { return yes ? "settled" : "not settled"; };
  out += p.dim(fmt::format("  {:<10} {:>14} {:>14}\n", "", "acquired", "released"));
  out += fmt::format("  {:<10} {:>14} {:>14}  {}\n", "before", l.before.acquired, l.before.released,
                     settled(l.settled_before));
  out += fmt::format("  {:<10} {:>14} {:>14}  {} after {:.0f} ms\n", "after", l.after.acquired,
                     l.after.released, settled(l.settled_after), l.settle_ms);
  out += fmt::format("  {:<10} {:>+14} {:>+14}\n", "moved", l.acquired(), l.released());
  const std::string left = fmt::format("{:+}", l.outstanding());
  out += fmt::format("  {:<10} {:>14}\n", "left", l.outstanding() == 0 ? "0" : left);
  if (l.claim) {
    const bool amount = l.claim->mode != model::PinClaim::Mode::net_zero;
    out += fmt::format(
        "  claimed    {}{}\n", claim_words(*l.claim),
        amount ? " " + count_of(static_cast<std::size_t>(std::max<std::int64_t>(l.claim->pages, 0)), "page")
               : "");
    if (l.claim->skew_sections > 0)
      out +=
          hanging(p, "  corrected  ",
                  fmt::format("{} pins that legacy direct I/O does not count", 2 * l.claim->skew_sections));
  }
  return out;
}

std::string taint_text(const std::optional<std::uint64_t>& taint) {
  return taint ? fmt::format("{:#x}", *taint) : "unknown";
}

std::string counters_table(const model::TestResult& row, const Painter& p) {
  std::string out;
  std::size_t width = 0;
  for (const auto& [name, value] : row.counters) width = std::max(width, name.size());
  for (const auto& [name, value] : row.counters) {
    if (value != 0) out += fmt::format("  {:<{}} {:>+12}\n", name, width, value);
  }
  const bool unknown = row.ledger && !(row.taint_before && row.taint_after);
  if (unknown || row.taint_before != row.taint_after)
    out += fmt::format("  kernel taint {} {} {}\n", taint_text(row.taint_before), p.arrow(),
                       taint_text(row.taint_after));
  return out.empty() ? "" : "\n" + p.bold("counters that moved") + "\n" + out;
}

std::string verdict_fields(const Row& row, const Painter& p) {
  const auto& v = row.verdict();
  std::string out = field(p, "verdict", verdict_text(row, p, 0));
  out += field(p, "because", v.detail);
  for (const auto& line : v.diagnostics) out += field(p, "", "# " + line);
  if (row.assessment) {
    out += field(p, "assessed", model::to_string(row.assessment->rule));
    out += field(p, "reason", row.assessment->reason);
    out += field(p, "reference", row.assessment->reference);
  }
  if (v.line > 0) out += field(p, "output line", std::to_string(v.line));
  if (v.wall_s > 0) out += field(p, "took", human_seconds(v.wall_s));
  for (const auto& [name, value] : v.numbers) out += field(p, name, fmt::format("{:g}", value));
  return out;
}

constexpr std::size_t many_cases = 20;  ///< of more than these, passes are only counted

bool is_pass(const Row& c) { return c.expected() && c.verdict().verdict == model::Verdict::pass; }

std::string case_list(const TestData& t, const Painter& p) {
  if (t.cases.empty()) return "";
  const bool only_others = t.cases.size() > many_cases && !p.style().verbose;
  std::string out = "\n" + p.bold("cases") + "  " + join(case_counts(t, p), ", ") + "\n";
  std::size_t width = 0;
  for (const auto& c : t.cases) width = std::max(width, width_of(verdict_text(c, p, 1)));
  std::size_t passed = 0;
  for (const auto& c : t.cases) {
    const auto& v = c.verdict();
    if (only_others && is_pass(c)) {
      ++passed;
      continue;
    }
    out += hanging(p, "  " + pad(verdict_text(c, p, 1), width) + "  ",
                   v.case_name + (v.detail.empty() ? "" : ": " + v.detail));
    if (c.expected() && !p.style().verbose) continue;
    for (const auto& line : v.diagnostics) out += hanging(p, std::string(width + 6, ' ') + p.dim("# "), line);
  }
  if (passed > 0)
    out += p.dim(fmt::format("  and {} (--verbose lists them)", count_of(passed, "pass"))) + "\n";
  return out;
}

/// What the kernel logged during the test; the first report with its trace.
std::string event_list(const GuestData& guest, const std::string& test, const Painter& p) {
  std::string out;
  bool traced = false;
  for (const auto& e : guest.events) {
    if (e.owner != test) continue;
    out +=
        hanging(p, "  ",
                fmt::format("{} (console lines {}-{}{}{})", e.title, e.first_line, e.last_line,
                            e.count > 1 ? fmt::format(", {} times", e.count) : "", e.fatal ? ", fatal" : ""));
    if (!traced || p.style().verbose) {
      for (const auto& line : located_text(e)) out += p.dim("    " + line) + "\n";
    }
    traced = traced || !e.text.empty();
  }
  return out.empty() ? "" : "\n" + p.bold("kernel log") + "\n" + out;
}

Result<std::string> show_one(const Place& place, const std::string& name, const Painter& p) {
  const auto colon = name.find(':');
  PINRIG_TRY(t, find_test(place, name.substr(0, colon)));
  const GuestData& guest = *place.guest;
  const std::string& test = t->row.verdict().test;
  std::string out =
      p.bold(name) + "  " + column_name(place.kernel->row) + p.dim("  " + guest.row.release) + "\n";
  if (colon == std::string::npos)
    return out + verdict_fields(t->row, p) + ledger_table(t->row.result, p) +
           counters_table(t->row.result, p) + case_list(*t, p) + event_list(guest, test, p) +
           file_fields(guest.row, test, p);
  const std::string case_name = name.substr(colon + 1);
  std::vector<std::string> known;
  for (const auto& c : t->cases) {
    if (c.verdict().case_name == case_name)
      return out + verdict_fields(c, p) + event_list(guest, test, p) + file_fields(guest.row, test, p);
    known.push_back(c.verdict().case_name);
  }
  return make_error(ErrorKind::bad_usage, fmt::format("test {} has no case '{}'{}", test, case_name,
                                                      did_you_mean(case_name, known)));
}

}  // namespace

Result<std::string> show(const store::Store& store, const store::RunRow& run, const Selection& what,
                         const Style& style) {
  const Painter p(style);
  PINRIG_TRY(data, load(store, run, what.assessment));
  if (what.guest.empty()) return terminal(std::move(data), style);
  PINRIG_TRY(place, find_guest(data, what.guest));
  if (!what.test.empty())
    return show_one(with_test(place, what.test.substr(0, what.test.find(':'))), what.test, p);
  return guest_fields(*place.kernel, *place.guest, p) + test_list(*place.guest, p) +
         file_fields(place.guest->row, "", p);
}

}  // namespace pinrig::report
