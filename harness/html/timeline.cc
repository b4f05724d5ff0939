// SPDX-License-Identifier: GPL-2.0
#include "html/timeline.h"

#include <sys/stat.h>

#include <algorithm>
#include <optional>

#include "base/file.h"

namespace pinrig::html {
namespace {

/// Seconds since 1970.
std::optional<double> modified(const fs::path& file) {
  struct stat st {};
  if (::stat(file.c_str(), &st) != 0) return std::nullopt;
  return static_cast<double>(st.st_mtim.tv_sec) + static_cast<double>(st.st_mtim.tv_nsec) / 1e9;
}

constexpr double slack_s = 5;  ///< the store's times are whole seconds, and files are written after the fact

}  // namespace

Timeline timeline_of(const report::RunData& data) {
  Timeline out;
  const auto began = report::elapsed_s("1970-01-01T00:00:00Z", data.run.started);
  const auto took = report::elapsed_s(data.run.started, data.run.finished);
  const auto add = [&](Span span, const fs::path& file, double wall) {
    const auto end = began ? modified(file) : std::nullopt;
    const double at = end ? *end - *began : -1;
    if (!end || at - wall < -slack_s || (took && at > *took + slack_s)) return false;
    span.end = at;
    span.start = std::max(0.0, at - wall);
    out.spans.push_back(std::move(span));
    return true;
  };
  for (const auto& k : data.kernels) {
    if (k.row.build_wall_s > 0 && !k.row.cached)
      add({.name = k.row.id, .build = true}, fs::path(k.row.dir) / "kernel.config", k.row.build_wall_s);
    for (const auto& g : k.guests) {
      if (!g.started() || !k.row.inherits.empty() || g.row.wall_s <= 0) continue;
      const Span span{.name = g.row.id, .boot = g.row.boot_s, .lost = g.ended() && !g.as_expected()};
      if (!add(span, fs::path(g.row.dir) / "result.json", g.row.wall_s)) ++out.unknown;
    }
  }
  std::stable_sort(out.spans.begin(), out.spans.end(),
                   [](const Span& a, const Span& b) { return a.start < b.start; });
  return out;
}

}  // namespace pinrig::html
