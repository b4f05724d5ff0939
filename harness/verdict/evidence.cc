// SPDX-License-Identifier: GPL-2.0
#include "verdict/evidence.h"

#include <algorithm>

#include "base/text.h"

namespace pinrig::verdict {

void Evidence::against(model::Verdict verdict, std::string why, int line) {
  reasons_.push_back({verdict, std::move(why), line});
}

void Evidence::cases_against(model::Verdict verdict, std::string why, int line) {
  reasons_.push_back({verdict, std::move(why), line, true});
}

void Evidence::splat(const model::KernelEvent& event, model::Verdict verdict, std::string why) {
  constexpr std::size_t most = 50;
  const bool kept = splats_.size() < most;
  if (kept) splats_.push_back({event.kind, event.title, verdict});
  // What is not kept cannot be allowed.
  if (verdict != model::Verdict::pass) reasons_.push_back({verdict, std::move(why), 0, false, kept});
}

void Evidence::skipped(std::string why) {
  skip_ = true;
  skip_reason_ = std::move(why);
}

void Evidence::fold_into(model::TestVerdict& out) const {
  std::vector<Reason> sorted = reasons_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Reason& a, const Reason& b) {
    return model::rank(a.verdict) > model::rank(b.verdict);
  });
  out.verdict = skip_ ? model::Verdict::skip : model::Verdict::pass;
  std::vector<std::string> texts;
  if (!sorted.empty()) {
    out.verdict = sorted.front().verdict;
    out.line = sorted.front().line;
  }
  out.own.clear();
  out.apart.clear();
  out.splats = splats_;
  for (const auto& r : sorted) {
    if (!r.of_cases && (out.own.empty() || out.own.back() != r.verdict)) out.own.push_back(r.verdict);
    if (!r.of_cases && !r.of_kernel && (out.apart.empty() || out.apart.back() != r.verdict))
      out.apart.push_back(r.verdict);
    if (texts.size() < 6) texts.push_back(r.why);
  }
  if (skip_ && sorted.empty()) texts.push_back(skip_reason_);
  texts.insert(texts.end(), notes_.begin(), notes_.end());
  out.detail = join(texts, "; ");
}

std::string last_words(const std::string& text) {
  const auto end = text.find_last_not_of(" \t\r\n");
  if (end == std::string::npos) return {};
  const auto start = text.rfind('\n', end);
  const std::size_t from = start == std::string::npos ? 0 : start + 1;
  return std::string(trim(std::string_view(text).substr(from, std::min<std::size_t>(end - from + 1, 200))));
}

std::vector<std::string_view> marked_lines(std::string_view output, std::string_view mark) {
  std::vector<std::string_view> found;
  for (std::size_t at = output.find(mark); at != std::string_view::npos; at = output.find(mark, at + 1)) {
    if (at > 0 && output[at - 1] != '\n') continue;
    found.push_back(trim(output.substr(at, output.find('\n', at) - at).substr(mark.size())));
  }
  return found;
}

std::vector<std::pair<std::string, std::string>> capability_lines(const std::string& output) {
  std::vector<std::pair<std::string, std::string>> found;
  for (const std::string_view rest : marked_lines(output, "# capability ")) {
    const std::size_t space = rest.find(' ');
    if (space != std::string_view::npos) found.emplace_back(rest.substr(0, space), trim(rest.substr(space)));
  }
  return found;
}

}  // namespace pinrig::verdict
