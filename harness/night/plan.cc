// SPDX-License-Identifier: GPL-2.0
#include "night/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <numeric>

#include "base/text.h"

namespace pinrig::night {
namespace {

constexpr std::int64_t day_s = 24 * 3600;
constexpr std::uintmax_t mib = 1024 * 1024;

/// Unix time of the first HH:MM (UTC) after `began`.
std::int64_t end_of(const std::string& until, std::int64_t began) {
  const std::int64_t of_day =
      (until[0] - '0') * 36000 + (until[1] - '0') * 3600 + (until[3] - '0') * 600 + (until[4] - '0') * 60;
  const std::int64_t midnight = began - began % day_s;
  const std::int64_t at = midnight + of_day;
  return at > began ? at : at + day_s;
}

Past past_of(const std::map<std::string, Past>& past, const std::string& name) {
  const auto it = past.find(name);
  return it == past.end() ? Past{} : it->second;
}

}  // namespace

std::vector<std::size_t> order_of(const std::vector<model::NightStep>& steps,
                                  const std::map<std::string, Past>& past) {
  std::vector<std::size_t> out(steps.size());
  std::iota(out.begin(), out.end(), 0);
  std::stable_sort(out.begin(), out.end(), [&](std::size_t a, std::size_t b) {
    const Past pa = past_of(past, steps[a].name);
    const Past pb = past_of(past, steps[b].name);
    const bool first_a = pa.doubtful || !pa.seconds;
    const bool first_b = pb.doubtful || !pb.seconds;
    if (first_a != first_b) return first_a;
    return pa.seconds.value_or(0) > pb.seconds.value_or(0);
  });
  return out;
}

std::vector<std::string> words_of(const model::NightStep& step, std::uint32_t seed) {
  const bool prove = step.kind == model::NightStep::Kind::prove;
  std::vector<std::string> out;
  const auto add = [&](const char* option, const std::string& value) {
    out.emplace_back(option);
    out.push_back(value);
  };
  if (prove) {
    out = step.tests;
    out.insert(out.begin(), "prove");
    add("--run", step.spec);
  } else {
    out = {"run", step.spec};
  }
  if (!step.base.empty()) add("--base", step.base);
  for (const auto a : step.archs) add("--arch", model::to_string(a));
  if (prove) return out;
  for (const auto& t : step.tests) add("--test", t);
  for (const auto& e : step.env) {
    for (const auto& [name, value] : e.env) add("--env", e.test + ":" + name + "=" + value);
  }
  for (const auto& s : step.seeds) add("--env", fmt::format("{}={}", s, seed));
  if (step.debug) out.emplace_back("--debug");
  return out;
}

std::uint32_t seed_of(const std::string& commit) {
  std::uint32_t seed = 0;
  const std::string head = commit.substr(0, 8);
  const auto [end, ec] = std::from_chars(head.data(), head.data() + head.size(), seed, 16);
  return ec == std::errc() && end == head.data() + head.size() && head.size() == 8 ? seed : 0;
}

double seconds_left(const model::NightSpec& night, std::int64_t began, std::int64_t now) {
  std::int64_t end = began + static_cast<std::int64_t>(night.hours) * 3600;
  if (!night.until.empty()) end = std::min(end, end_of(night.until, began));
  return static_cast<double>(end - std::max(now, began));
}

std::string why_not(const Past& past, double left_s, std::uintmax_t free_bytes,
                    const model::NightSpec& night) {
  if (left_s <= 0) return "the night is over";
  if (past.seconds && *past.seconds > left_s)
    return fmt::format("no time: it took {} the last time, and {} are left", human_seconds(*past.seconds),
                       human_seconds(left_s));
  const std::uintmax_t needed = static_cast<std::uintmax_t>(night.disk_mib) * mib;
  if (free_bytes < needed)
    return fmt::format("no disk: {} are free, and the night needs {} (`pinrig gc`)", human_bytes(free_bytes),
                       human_bytes(needed));
  return "";
}

double limit_of(double left_s) { return std::max(left_s, 3600.0); }

}  // namespace pinrig::night
