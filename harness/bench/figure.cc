// SPDX-License-Identifier: GPL-2.0
#include "bench/figure.h"

#include <fmt/format.h>
#include <sys/utsname.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/capacity.h"

namespace pinrig::bench {
namespace {

std::string amount(double v) {
  const double size = std::abs(v);
  return fmt::format(fmt::runtime(size >= 100 ? "{:.0f}" : size >= 10 ? "{:.1f}" : "{:.2f}"), v);
}

std::string state_of(const Figure& f) {
  if (!f.missing.empty()) return "not measured";
  return !f.bound ? "-" : f.over() ? "OVER" : "ok";
}

std::string bound_of(const Figure& f) {
  return f.bound ? fmt::format("{} {:.2f}", f.at_least ? ">=" : "<=", *f.bound) : "-";
}

}  // namespace

double median(std::vector<double> values) {
  if (values.empty()) throw Fatal("median of an empty list");
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

std::string table(const std::vector<Figure>& figures) {
  std::size_t width = 6;
  for (const auto& f : figures) width = std::max(width, f.id.size());
  const auto row = [&](const auto&... cells) {
    return fmt::format("{:<{}}  {:>12}  {:>12}  {:>7}  {:>8}  {:<12}  {:>5}\n", cells...);
  };
  std::string out = row("figure", width, "value", "floor", "ratio", "bound", "", "times");
  std::string notes;
  for (const auto& f : figures) {
    const bool there = f.missing.empty();
    out +=
        row(f.id, width, there ? amount(f.value) + " " + f.unit : "-",
            there && f.floor > 0 ? amount(f.floor) + " " + f.unit : "-",
            there && f.floor > 0 ? fmt::format("{:.3f}", f.ratio()) : "-", bound_of(f), state_of(f), f.times);
    notes += fmt::format("{:<{}}  {}\n", f.id, width, f.what);
    for (const auto& more : {f.note, f.missing}) {
      if (!more.empty()) notes += fmt::format("{:<{}}  ({})\n", "", width, more);
    }
  }
  return out + "\n" + notes;
}

std::string to_json(const std::vector<Figure>& figures) {
  utsname u = {};
  ::uname(&u);
  nlohmann::ordered_json out{{"format", "pinrig-bench"}, {"version", 1}};
  out["host"] = {{"cpus", usable_cpus()}, {"kernel", u.release}, {"machine", u.machine}};
  out["figures"] = nlohmann::ordered_json::array();
  for (const auto& f : figures) {
    nlohmann::ordered_json j{{"id", f.id}, {"what", f.what}, {"unit", f.unit}, {"state", state_of(f)}};
    if (f.missing.empty()) {
      j.update({{"value", f.value}, {"times", f.times}});
      if (f.floor > 0) j.update({{"floor", f.floor}, {"ratio", f.ratio()}});
    } else {
      j["missing"] = f.missing;
    }
    if (f.bound) j.update({{"bound", *f.bound}, {"at_least", f.at_least}});
    if (!f.note.empty()) j["note"] = f.note;
    out["figures"].push_back(j);
  }
  return out.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace pinrig::bench
