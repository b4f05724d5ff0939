// SPDX-License-Identifier: GPL-2.0
#include "model/patch_fit.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/text.h"

namespace pinrig::model {
namespace {

bool less(const MovedHunk& a, const MovedHunk& b) {
  return std::pair(a.fuzz, std::abs(a.offset)) < std::pair(b.fuzz, std::abs(b.offset));
}

std::string offset_words(int offset) {
  return fmt::format("offset {} {}", offset, offset == 1 || offset == -1 ? "line" : "lines");
}

std::string hunk_words(const MovedHunk& h) {
  const std::string at = fmt::format(" at {}:{}", h.file, h.line);
  if (h.fuzz == 0) return offset_words(h.offset) + at;
  return fmt::format("fuzz {}{}", h.fuzz, at) + (h.offset == 0 ? "" : " (" + offset_words(h.offset) + ")");
}

}  // namespace

bool PatchFit::inexact() const {
  return merged || std::any_of(hunks.begin(), hunks.end(), [](const auto& h) { return h.fuzz > 0; });
}

std::string to_string(const PatchFit& fit) {
  if (fit.exact()) return "";
  std::string out = fit.merged ? "merged by --3way" : "applies";
  if (fit.hunks.empty()) return out;
  // Of equal ones the first.
  out += (fit.merged ? ", " : " with ") +
         hunk_words(*std::max_element(fit.hunks.begin(), fit.hunks.end(), less));
  if (fit.hunks.size() > 1) out += fmt::format(" and {}", count_of(fit.hunks.size() - 1, "more hunk"));
  return out;
}

std::string fit_to_json(const PatchFit& fit) {
  if (fit.exact()) return "";
  auto hunks = nlohmann::json::array();
  for (const auto& h : fit.hunks)
    hunks.push_back({{"file", h.file}, {"line", h.line}, {"offset", h.offset}, {"fuzz", h.fuzz}});
  return nlohmann::json{{"merged", fit.merged}, {"hunks", hunks}}.dump(
      -1, ' ', false, nlohmann::json::error_handler_t::replace);
}

PatchFit fit_from_json(const std::string& text) {
  PatchFit fit;
  if (text.empty()) return fit;
  const auto json = nlohmann::json::parse(text);
  fit.merged = json.at("merged").get<bool>();
  for (const auto& h : json.at("hunks"))
    fit.hunks.push_back({h.at("file").get<std::string>(), h.at("line").get<int>(), h.at("offset").get<int>(),
                         h.at("fuzz").get<int>()});
  return fit;
}

}  // namespace pinrig::model
