// SPDX-License-Identifier: GPL-2.0
// Output of tools/testing/selftests/{vm,mm}/gup_test.c. 6.1 prints plain lines:
//   PIN_FAST_BENCHMARK: Time: get:123 put:45 us, truncated (size: 0)
//   PIN_BASIC_TEST: done
//   Truncated (size: 0)
// 6.12 is a TAP 13 program, puts "# " before every piece (also in the middle of a line) and names its one
// result "ioctl status N". In both, a failed pin shows only as "truncated": the exit code is 0 all the same.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/text.h"
#include "ktap/ktap.h"
#include "verdict/evidence.h"

namespace pinrig::verdict {
namespace {

using model::Verdict;

std::optional<double> number_after(std::string_view line, std::string_view word) {
  const std::size_t at = line.find(word);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view rest = line.substr(at + word.size());
  long long value = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
  if (error != std::errc{} || end == rest.data()) return std::nullopt;
  return static_cast<double>(value);
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t mid = values.size() / 2;
  return values.size() % 2 == 1 ? values[mid] : (values[mid - 1] + values[mid]) / 2;
}

struct Lines {
  std::vector<double> get_us;
  std::vector<double> put_us;
  int done = 0;       ///< "..._TEST: done"
  int truncated = 0;  ///< line of the first "truncated", 0 = none
  std::string truncated_text;
};

Lines read_lines(const std::string& output) {
  Lines found;
  int number = 0;
  for (std::string_view line : lines(output)) {
    ++number;
    if (line.starts_with("# ")) line.remove_prefix(2);
    if (line.find("_BENCHMARK: Time: ") != std::string_view::npos) {
      const auto get = number_after(line, "get:");
      const auto put = number_after(line, "put:");
      if (get && put) {
        found.get_us.push_back(*get);
        found.put_us.push_back(*put);
      }
    }
    if (line.ends_with("_TEST: done")) ++found.done;
    if (found.truncated == 0 && line.find("runcated (size: ") != std::string_view::npos) {
      found.truncated = number;
      found.truncated_text = std::string(line.substr(line.find("runcated (size: ") - 1));
      while (found.truncated_text.ends_with('#') || found.truncated_text.ends_with(' '))
        found.truncated_text.pop_back();
    }
  }
  return found;
}

/// Each thread prints its own result line, in the order in which they end.
bool each_number_once(const ktap::Tree& tree) {
  std::vector<int> numbers;
  for (const auto& c : tree.cases) numbers.push_back(c.number);
  std::sort(numbers.begin(), numbers.end());
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (numbers[i] != static_cast<int>(i) + 1) return false;
  }
  return true;
}

/// The TAP of 6.12: skipped as a whole, or what is wrong with it.
void judge_tap(const ktap::Tree& tree, Evidence& evidence) {
  for (const auto& f : tree.findings) {
    if (f.kind == ktap::FindingKind::unknown_directive) continue;
    if (f.kind == ktap::FindingKind::wrong_number && each_number_once(tree)) continue;
    const Verdict v = f.kind == ktap::FindingKind::bail_out ? Verdict::fail : Verdict::error;
    evidence.against(v, fmt::format("{}: {}", ktap::to_string(f.kind), f.text), f.line);
  }
  std::size_t skipped = 0;
  for (const auto& c : tree.cases) {
    if (c.status == ktap::Status::skip) {
      if (skipped++ == 0) evidence.skipped(c.reason);
    } else if (c.status != ktap::Status::pass) {
      evidence.against(Verdict::fail, c.name, c.line);
    }
  }
  if (skipped > 0 && skipped < tree.cases.size()) {
    evidence.against(Verdict::error, fmt::format("{} of {} threads skipped", skipped, tree.cases.size()));
  }
}

}  // namespace

Reading judge_gup_test(const model::TestRecord& record, Evidence& evidence) {
  Reading reading;
  const Lines found = read_lines(record.output);
  if (!found.get_us.empty()) {
    reading.numbers["get_us"] = median(found.get_us);
    reading.numbers["put_us"] = median(found.put_us);
  }
  if (found.truncated > 0) {
    evidence.against(Verdict::fail, "not all pages were pinned: " + found.truncated_text, found.truncated);
  }
  if (record.exit.kind != model::TestExit::Kind::exited) return reading;

  const ktap::Tree tree = ktap::parse(record.output);
  if (tree.version > 0)
    judge_tap(tree, evidence);
  else if (record.exit.code == 4)
    evidence.skipped(last_words(record.output));
  if (record.exit.code != 0 && record.exit.code != 4) {
    evidence.against(Verdict::fail,
                     fmt::format("exit code {}: {}", record.exit.code, last_words(record.errors)));
  }
  if (!evidence.is_skip() && found.get_us.empty() && found.done == 0) {
    evidence.against(Verdict::error, "no time and no \"done\" in the output: nothing was measured");
  }
  return reading;
}

}  // namespace pinrig::verdict
