// SPDX-License-Identifier: GPL-2.0
#include "report/run_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <iterator>

#include "base/text.h"
#include "report/holders.h"
#include "report/patch_lines.h"
#include "report/text_layout.h"

namespace pinrig::report {
namespace {

void clean_all(std::vector<std::string>& list) {
  for (auto& s : list) s = clean(s);
}

std::map<std::string, std::string> cleaned(const std::map<std::string, std::string>& values) {
  std::map<std::string, std::string> out;
  for (const auto& [name, value] : values) out[clean(name)] = clean(value);
  return out;
}

void clean_lost(std::vector<model::LostRow>& lost) {
  for (auto& l : lost) {
    for (std::string* s : {&l.test, &l.case_name, &l.reference}) *s = clean(*s);
  }
}

/// A series may be the name of a file.
void clean_run(store::RunRow& r) {
  for (std::string* s : {&r.spec, &r.base, &r.series}) *s = clean(*s);
}

void clean_kernel(store::KernelRow& k) {
  for (std::string* s : {&k.point.subject, &k.point.version, &k.failure}) *s = clean(*s);
  for (auto* list : {&k.notes, &k.unmet, &k.known, &k.warnings}) clean_all(*list);
  for (auto& u : k.unbuilt) u = {clean(u.file), clean(u.why)};
  clean_lost(k.lost);
}

void clean_guest(store::GuestRow& g) {
  for (std::string* s : {&g.accel_reason, &g.cpu_model, &g.release}) *s = clean(*s);
  if (g.outcome) g.outcome->detail = clean(g.outcome->detail);
  for (auto* list : {&g.setup, &g.notes}) clean_all(*list);
  g.capabilities = cleaned(g.capabilities);
}

/// Cases follow their test in the store; one without its test (a damaged run) still gets a row.
std::vector<TestData> group(std::vector<Row> rows) {
  std::vector<TestData> out;
  std::map<std::string, std::size_t> at;
  for (auto& r : rows) {
    clean_row(r);
    const auto [it, fresh] = at.emplace(r.verdict().test, out.size());
    if (fresh) {
      out.emplace_back();
      out.back().row.result.verdict.test = r.verdict().test;
    }
    TestData& t = out[it->second];
    if (r.verdict().case_name.empty())
      t.row = std::move(r);
    else
      t.cases.push_back(std::move(r));
  }
  return out;
}

Result<GuestData> load_guest(const store::Store& store, store::GuestRow row) {
  GuestData data;
  PINRIG_TRY(results, store.results(row.run_id, row.id));
  PINRIG_TRY(events, store.events(row.run_id, row.id));
  PINRIG_TRY(attempts, store.attempts(row.run_id, row.id));
  data.tests = group(std::move(results));
  for (auto& t : data.tests) {
    t.guest_id = row.id;
    t.dir = row.dir;
  }
  data.events = std::move(events);
  for (auto& e : data.events) clean_event(e);
  data.attempts = std::move(attempts);
  for (auto& a : data.attempts) a.outcome.detail = clean(a.outcome.detail);
  clean_guest(row);
  data.row = std::move(row);
  return data;
}

Result<void> find_capabilities(const store::Store& store, KernelData& kernel) {
  for (const auto& g : kernel.guests) {
    for (const auto& [name, value] : g.row.capabilities) {
      const auto [it, fresh] = kernel.capabilities.emplace(name, value);
      if (!fresh && it->second == "unknown") it->second = value;
    }
  }
  if (kernel.row.key.empty()) return {};
  PINRIG_TRY(elsewhere, store.capabilities(kernel.row.key, kernel.row.run_id));
  kernel.elsewhere = cleaned(elsewhere);
  // What this run found of the kernel needs no other run.
  std::erase_if(kernel.elsewhere, [&](const auto& entry) {
    const auto it = kernel.capabilities.find(entry.first);
    return it != kernel.capabilities.end() && it->second != "unknown";
  });
  return {};
}

/// Tests of one suite together, suites in the order of their first test.
void sort_by_suite(std::vector<std::string>& tests) {
  std::vector<std::string> suites;
  for (const auto& t : tests) {
    if (std::find(suites.begin(), suites.end(), suite_of(t)) == suites.end()) suites.push_back(suite_of(t));
  }
  const auto rank = [&](const std::string& t) {
    return std::find(suites.begin(), suites.end(), suite_of(t));
  };
  std::stable_sort(tests.begin(), tests.end(),
                   [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
}

/// Rows of one guest in the order of the store: every test, then its cases.
std::vector<Row*> rows_of(GuestData& guest) {
  std::vector<Row*> out;
  for (auto& t : guest.tests) {
    out.push_back(&t.row);
    for (auto& c : t.cases) out.push_back(&c);
  }
  return out;
}

}  // namespace

void clean_row(Row& r) {
  auto& v = r.result.verdict;
  for (std::string* s : {&v.test, &v.case_name, &v.detail}) *s = clean(*s);
  clean_all(v.diagnostics);
  if (!r.assessment) return;
  r.assessment->reason = clean(r.assessment->reason);
  r.assessment->reference = clean(r.assessment->reference);
}

void clean_event(model::KernelEvent& e) {
  for (std::string* s : {&e.title, &e.function, &e.owner}) *s = clean(*s);
  clean_all(e.text);
  for (auto& l : e.lines) {
    l.function = clean(l.function);
    l.file = clean(l.file);
  }
}

std::string reason_of(const Row& row) { return row.assessment ? row.assessment->reason : ""; }

bool is_known_issue(const Row& row) {
  return row.assessment && row.assessment->rule == model::Rule::known_issue;
}

bool is_page_dump(const model::KernelEvent& event) { return event.kind == "page_dump"; }

bool is_bad(model::Verdict v) {
  using model::Verdict;
  return v != Verdict::pass && v != Verdict::skip && v != Verdict::xfail;
}

bool TestData::as_expected() const {
  return row.expected() && std::all_of(cases.begin(), cases.end(), [](const Row& c) { return c.expected(); });
}

std::string TestData::output_file() const {
  const bool ran = row.verdict().verdict != model::Verdict::missing && !row.verdict().foreseen;
  return dir.empty() || !ran || model::is_harness_row(name()) ? "" : dir + "/tests/" + name() + ".out";
}

bool not_tried(store::KernelState state) {
  return state == store::KernelState::programs_failed || state == store::KernelState::guest_failed;
}

bool GuestData::as_expected() const {
  using Kind = model::JobOutcome::Kind;
  if (!row.outcome) return false;
  switch (row.outcome->kind) {
    case Kind::completed:
      return true;
    case Kind::apply_failed:
    case Kind::build_failed:
    case Kind::infra_error:
    case Kind::cancelled:
      return false;
    default:
      return !tests.empty() && std::all_of(tests.begin(), tests.end(),
                                           [](const auto& t) { return t.row.assessment && t.as_expected(); });
  }
}

bool KernelData::completed() const {
  return built() && std::all_of(guests.begin(), guests.end(), [](const auto& g) { return g.completed(); });
}

std::size_t KernelData::started() const {
  return static_cast<std::size_t>(
      std::count_if(guests.begin(), guests.end(), [](const auto& g) { return g.started(); }));
}

double KernelData::wall_s() const {
  double sum = 0;
  for (const auto& g : guests) sum += g.row.wall_s;
  return sum;
}

std::string KernelData::release() const {
  for (const auto& g : guests) {
    if (!g.row.release.empty()) return g.row.release;
  }
  return "";
}

std::vector<const TestData*> KernelData::tests() const {
  std::vector<const TestData*> out;
  for (const auto& g : guests) {
    for (const auto& t : g.tests) out.push_back(&t);
  }
  return out;
}

const TestData* KernelData::find(const std::string& test) const {
  for (const auto& g : guests) {
    for (const auto& t : g.tests) {
      if (t.row.verdict().test == test) return &t;
    }
  }
  return nullptr;
}

const GuestData* KernelData::guest_of(const TestData& test) const {
  for (const auto& g : guests) {
    if (g.row.id == test.guest_id) return &g;
  }
  return nullptr;
}

std::vector<const model::TestResult*> KernelData::results() const {
  std::vector<const model::TestResult*> out;
  for (const TestData* t : tests()) {
    out.push_back(&t->row.result);
    for (const auto& c : t->cases) out.push_back(&c.result);
  }
  return out;
}

std::map<std::string, std::string> KernelData::all_capabilities() const {
  auto out = elsewhere;
  for (const auto& [name, value] : capabilities) out.emplace(name, value);
  return out;
}

const KernelData* RunData::base_of(const KernelData& kernel) const {
  if (kernel.row.point.is_base()) return nullptr;
  for (const auto& k : kernels) {
    if (k.row.point.is_base() && k.row.arch == kernel.row.arch && k.row.config.name == kernel.row.config.name)
      return &k;
  }
  return nullptr;
}

model::Unbuilt RunData::unbuilt_at(int patch, const KernelData& kernel) const {
  for (const auto& p : patches) {
    if (p.point == patch && kernel.built()) return model::unbuilt_of(p.files, kernel.row.unbuilt);
  }
  return {};
}

void replace_assessment(RunData& data, const std::vector<model::KernelAssessment>& assessment) {
  for (std::size_t k = 0; k < std::min(data.kernels.size(), assessment.size()); ++k) {
    KernelData& kernel = data.kernels[k];
    kernel.row.unmet = assessment[k].unmet;
    kernel.row.known = assessment[k].known;
    kernel.row.lost = assessment[k].lost;
    for (std::size_t g = 0; g < std::min(kernel.guests.size(), assessment[k].guests.size()); ++g) {
      const auto rows = rows_of(kernel.guests[g]);
      const auto& says = assessment[k].guests[g].rows;
      for (std::size_t i = 0; i < std::min(rows.size(), says.size()); ++i) rows[i]->assessment = says[i];
    }
  }
}

Result<RunData> load(const store::Store& store, const store::RunRow& run,
                     const assess::RunAssessment* instead) {
  RunData data;
  data.run = run;
  clean_run(data.run);
  PINRIG_TRY(patches, store.patches(run.id));
  for (auto& p : patches) {
    p.subject = clean(p.subject);
    for (auto& h : p.fit.hunks) h.file = clean(h.file);
    clean_all(p.files);
  }
  data.patches = std::move(patches);
  PINRIG_TRY(kernels, store.kernels(run.id));
  PINRIG_TRY(guests, store.guests(run.id));
  for (auto& row : kernels) {
    KernelData kernel;
    clean_kernel(row);
    for (auto& g : guests) {
      if (g.kernel_id != row.id) continue;
      PINRIG_TRY(one, load_guest(store, g));
      kernel.guests.push_back(std::move(one));
    }
    kernel.row = std::move(row);
    PINRIG_CHECK(find_capabilities(store, kernel));
    data.kernels.push_back(std::move(kernel));
  }
  for (const auto& k : data.kernels) {
    for (const TestData* t : k.tests()) {
      if (std::find(data.tests.begin(), data.tests.end(), t->row.verdict().test) == data.tests.end())
        data.tests.push_back(t->row.verdict().test);
    }
  }
  sort_by_suite(data.tests);
  PINRIG_TRY(measured, measured_by(data.run));
  data.measured = std::move(measured);
  PINRIG_TRY(findings, holders_of(data.run));
  data.holders = std::move(findings);
  if (instead == nullptr) return data;
  replace_assessment(data, instead->kernels);
  data.run.exit_code = static_cast<int>(instead->code);
  return data;
}

std::string name_of(const model::LostRow& lost) {
  return lost.test + (lost.case_name.empty() ? "" : ":" + lost.case_name);
}

std::string text_of(const model::LostRow& lost) {
  return fmt::format("{} on {}, absent here", model::to_string(lost.before), lost.reference);
}

std::string suite_of(const std::string& test) { return test.substr(0, test.find('/')); }

std::string capability_words(const std::map<std::string, std::string>& capabilities) {
  std::vector<std::string> out;
  for (const auto& [name, value] : capabilities) out.push_back(name + "=" + value);
  return join(out, " ");
}

std::string comparison_name(const store::KernelRow& k) {
  return model::to_string(k.arch) + (k.config.name.empty() ? "" : " " + k.config.name);
}

std::string column_name(const store::KernelRow& k) { return comparison_name(k) + " " + k.point.label; }

std::string outcome_text(const std::optional<model::JobOutcome>& outcome) {
  if (!outcome) return "not finished";
  std::string text = model::to_string(outcome->kind);
  std::replace(text.begin(), text.end(), '_', ' ');
  if (outcome->phase != model::Phase::none) text += fmt::format(" ({})", model::to_string(outcome->phase));
  return text + (outcome->detail.empty() ? "" : ": " + outcome->detail);
}

std::optional<double> elapsed_s(const std::string& started, const std::string& finished) {
  std::tm a{};
  std::tm b{};
  if (strptime(started.c_str(), "%Y-%m-%dT%H:%M:%SZ", &a) == nullptr) return std::nullopt;
  if (strptime(finished.c_str(), "%Y-%m-%dT%H:%M:%SZ", &b) == nullptr) return std::nullopt;
  return std::difftime(timegm(&b), timegm(&a));
}

}  // namespace pinrig::report
