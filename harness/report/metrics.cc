// SPDX-License-Identifier: GPL-2.0
// Gauges for the textfile collector of Prometheus' node exporter: text format 0.0.4, without time stamps,
// which the collector refuses.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "assess/assess.h"
#include "base/text.h"
#include "report/digest.h"
#include "report/selection.h"
#include "report/unfinished.h"

namespace pinrig::report {
namespace {

constexpr std::size_t max_series = 5000;  ///< in one file; more cost the server too much

using Labels = std::vector<std::pair<std::string, std::string>>;

std::string escaped(const std::string& value) {
  std::string out;
  for (const char c : clean(value)) {
    if (c == '\\' || c == '"') out += '\\';
    out += c;
  }
  return out;
}

/// The lines of one metric; of equal labels the first counts, as a second one would void the file.
class Gauge {
 public:
  Gauge(std::string name, const std::string& help) : name_(std::move(name)) {
    head_ = fmt::format("# HELP {} {}\n# TYPE {} gauge\n", name_, help, name_);
  }
  void add(const Labels& labels, double value) {
    std::string line = name_;
    for (const auto& [name, text] : labels)
      line += fmt::format("{}{}=\"{}\"", line == name_ ? "{" : ",", name, escaped(text));
    if (!labels.empty()) line += "}";
    values_.emplace(line, value);
  }
  std::size_t size() const { return values_.size(); }
  std::string text() const {
    std::string out = values_.empty() ? "" : head_;
    for (const auto& [line, value] : values_) out += fmt::format("{} {:.15g}\n", line, value);
    return out;
  }

 private:
  std::string name_;
  std::string head_;
  std::map<std::string, double> values_;
};

Labels of_kernel(const KernelData& k) {
  return {
      {"arch", model::to_string(k.row.arch)}, {"config", k.row.config.name}, {"point", k.row.point.label}};
}

Labels with(Labels labels, const std::string& name, const std::string& value) {
  labels.emplace_back(name, value);
  return labels;
}

void add_run(const RunData& data, std::string& out) {
  const Labels run{{"spec", data.run.spec}, {"base", data.run.base}, {"series", data.run.series}};
  Gauge done("pinrig_run_completed_timestamp_seconds", "When the run ended; absent while it has not.");
  Gauge took("pinrig_run_seconds", "Duration of the run.");
  Gauge code("pinrig_run_exit_code", "Exit code of the run; -1: it has none yet.");
  if (const auto s = elapsed_s("1970-01-01T00:00:00Z", data.run.finished)) done.add(run, *s);
  if (const auto s = elapsed_s(data.run.started, data.run.finished)) took.add(run, *s);
  code.add(run, data.run.exit_code);
  out += done.text() + took.text() + code.text();
}

void add_kernels(const RunData& data, std::string& out) {
  Gauge tests("pinrig_tests", "Tests by verdict.");
  Gauge bad("pinrig_tests_unexpected", "Tests that are not as expected.");
  Gauge built("pinrig_kernel_built", "1: the kernel was built, 0: it was not.");
  for (const auto& k : data.kernels) {
    const Labels labels = of_kernel(k);
    built.add(labels, k.built() ? 1 : 0);
    std::map<std::string, int> verdicts;
    int unexpected = 0;
    for (const TestData* t : k.tests()) {
      ++verdicts[model::to_string(t->row.verdict().verdict)];
      unexpected += t->as_expected() ? 0 : 1;
    }
    for (const auto& [word, n] : verdicts) tests.add(with(labels, "verdict", word), n);
    if (k.built()) bad.add(labels, unexpected);
  }
  out += built.text() + tests.text() + bad.text();
}

/// One value for each test; those of points between base and tip, then all that are 0, only if there is room.
void add_tests(const RunData& data, std::string& out) {
  std::size_t rows = 0;
  for (const auto& k : data.kernels) rows += 2 * k.tests().size();
  const bool ends_only = rows > max_series;
  Gauge pages("pinrig_outstanding_pages", "Base pages that stayed pinned after the test.");
  Gauge seconds("pinrig_test_seconds", "Duration of the test.");
  std::size_t left_out = 0;
  for (const auto& k : data.kernels) {
    const bool between = !k.row.point.is_base() && !k.row.is_tip;
    for (const TestData* t : k.tests()) {
      const auto& v = t->row.verdict();
      if (v.test != assess::without_run(v.test)) continue;
      const auto& l = t->row.result.ledger;
      const bool counted = l && l->available;
      const bool red = counted && l->outstanding() != 0;
      if (ends_only && (between || pages.size() + seconds.size() + 2 > max_series) && !red) {
        left_out += counted ? 2 : 1;
        continue;
      }
      const Labels labels = with(of_kernel(k), "test", v.test);
      if (counted) pages.add(labels, static_cast<double>(l->outstanding()));
      if (v.wall_s > 0) seconds.add(labels, v.wall_s);
    }
  }
  out += pages.text() + seconds.text();
  if (left_out > 0) out += fmt::format("# {} values of single tests were omitted\n", left_out);
}

}  // namespace

Result<std::string> metrics(const store::Store& store, const store::RunRow& run, const Selection& what) {
  PINRIG_TRY(data, load(store, run, what.assessment));
  PINRIG_CHECK(narrow(data, what));
  std::string out;
  add_run(data, out);
  add_kernels(data, out);
  add_tests(data, out);
  return out;
}

std::string unfinished_metrics(const Unfinished& u) {
  Gauge code("pinrig_run_exit_code", "Exit code of the run; -1: it has none yet.");
  code.add({}, u.exit_code);
  return fmt::format("# {}\n{}", clean(u.why), code.text());
}

}  // namespace pinrig::report
