// SPDX-License-Identifier: GPL-2.0
#include "bisect/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "bisect/tally.h"

namespace pinrig::bisect {
namespace {

constexpr int most_lines = 40;
constexpr std::size_t subject_columns = 48;
constexpr std::size_t most_marks = 40;
constexpr int short_sha = 12;

const char* mark_of(Seen seen) {
  switch (seen) {
    case Seen::red:
      return "●";
    case Seen::clean:
      return "○";
    case Seen::other:
      return "x";
    case Seen::skip:
      return "s";
    case Seen::infra:
      return "!";
  }
  return "?";
}

std::string marks_of(const Log& log, int point) {
  std::vector<std::string> marks;
  for (const auto& o : log.seen) {
    if (o.point == point) marks.emplace_back(mark_of(o.seen));
  }
  const std::string image = point < 0 ? "" : log.points[static_cast<std::size_t>(point)].image;
  for (const auto& o : log.seen) {
    const bool equal = !image.empty() && o.point >= 0 && o.point != point &&
                       log.points[static_cast<std::size_t>(o.point)].image == image;
    if (equal) marks.emplace_back("=");
  }
  const std::size_t more = marks.size() > most_marks ? marks.size() - most_marks : 0;
  marks.resize(marks.size() - more);
  return join(marks, "") + (more == 0 ? "" : fmt::format(" +{}", more));
}

/// Characters, not bytes: a subject may be of any language.
std::string cut(const std::string& text) {
  const auto begins = [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; };
  if (static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins)) <= subject_columns)
    return text;
  std::string out;
  std::size_t columns = 0;
  for (const char c : text) {
    columns += begins(c) ? 1 : 0;
    if (columns > subject_columns - 3) break;
    out += c;
  }
  return out + "...";
}

std::string point_line(const Log& log, int point, const std::string& marks) {
  const std::string subject = point == reverted_point ? "the newer end with the culprit reverted"
                              : point == 0 && log.points[0].subject.empty()
                                  ? "base"
                                  : shown(log.points[static_cast<std::size_t>(point)].subject);
  std::string line = fmt::format("{:>5}  {:<{}}  {}", point < 0 ? "" : std::to_string(log.patch_at(point)),
                                 cut(subject), subject_columns, marks);
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

std::string names_of(const Log& log, const std::vector<int>& points) {
  std::string out;
  for (const int p : points) out += "  " + point_name(log, p) + "\n";
  return out;
}

std::string rests_on(const Log& log, const Conclusion& c) {
  const Tallies tallies(log.history(), log.seen);
  const auto calibrated = calibration_of(log.history(), log.settings, log.seen);
  std::string out = fmt::format("  the red shows in {} of {} runs of the {} end\n", calibrated.red,
                                calibrated.red + calibrated.clean, log.settings.fixed ? "older" : "newer");
  const auto say = [&](int p, const char* where) {
    const auto& t = tallies.at(p);
    out += fmt::format("  {}: {} of {} runs red{}\n", where, t.red, t.runs(),
                       t.other == 0 ? "" : fmt::format(", {} red in another way", t.other));
  };
  say(c.suspects.back(), "with it");
  const auto& first = log.points[static_cast<std::size_t>(c.suspects.front())];
  for (const int p : first.parents) say(p, "before it");
  const auto& r = tallies.reverted;
  if (r.runs() > 0) out += fmt::format("  reverted at the newer end: {} of {} runs red\n", r.red, r.runs());
  return out + fmt::format("  chance that a clean point has the red after all: {:.2g} %\n", 100 * c.error);
}

std::string bars(const Log& log, const std::vector<double>& posterior) {
  constexpr double columns = 40;
  constexpr double least = 0.005;
  std::string out;
  for (std::size_t p = 1; p < posterior.size(); ++p) {
    if (posterior[p] < least) continue;
    std::string bar;
    for (int i = 0; i < std::lround(posterior[p] * columns); ++i) bar += "▇";
    out += fmt::format("{:>5}  {:.3f} {} {}\n", log.patch_at(static_cast<int>(p)), posterior[p], bar,
                       cut(shown(log.points[p].subject)));
  }
  return out;
}

/// Those that the search is still going to run, were every answer the most useful one.
std::size_t points_left(const Log& log, std::size_t suspects) {
  const auto halvings = std::ceil(std::log2(static_cast<double>(std::max<std::size_t>(suspects, 1))));
  std::size_t untouched = 0;
  const Tallies tallies(log.history(), log.seen);
  for (std::size_t p = 1; log.settings.each && p + 1 < log.points.size(); ++p) {
    const auto& t = tallies.all[p];
    untouched += t.runs() + t.other + t.skips == 0 ? 1 : 0;
  }
  return std::max(untouched, static_cast<std::size_t>(halvings));
}

}  // namespace

std::string point_name(const Log& log, int point) {
  if (point == reverted_point) return "the newer end with the culprit reverted";
  const auto& p = log.points[static_cast<std::size_t>(point)];
  if (!log.repo.empty()) return fmt::format("commit {} \"{}\"", p.sha.substr(0, short_sha), shown(p.subject));
  const int patch = log.patch_at(point);
  return patch == 0 ? "the base" : fmt::format("patch {} \"{}\"", patch, shown(p.subject));
}

std::string points_text(const Log& log) {
  std::string out;
  for (const int p : log.without) out += fmt::format("       without {}\n", point_name(log, p));
  const int last = static_cast<int>(log.points.size()) - 1;
  int hidden = 0;
  for (int p = 0; p <= last; ++p) {
    const auto marks = marks_of(log, p);
    if (marks.empty() && last > most_lines)
      ++hidden;
    else
      out += point_line(log, p, marks);
  }
  const auto reverted = marks_of(log, reverted_point);
  if (!reverted.empty()) out += point_line(log, reverted_point, reverted);
  if (hidden > 0)
    out += fmt::format("       {} without a run\n", count_of(static_cast<std::size_t>(hidden), "point"));
  return out;
}

std::string progress_text(const Log& log, double boot_s) {
  const auto c = calibration_of(log.history(), log.settings, log.seen);
  if (c.runs == 0) return fmt::format("calibrating: {} of {} runs red", c.red, c.red + c.clean);
  const auto left = candidates(log.history(), log.settings, log.seen, c.runs).size();
  const auto points = points_left(log, left);
  std::string out = fmt::format("{} of {} left", left,
                                count_of(log.points.size() - 1, log.repo.empty() ? "patch" : "commit"));
  out += points == 0 ? ", to be checked" : fmt::format(", about {}", count_of(points, "point"));
  if (boot_s > 0) out += ", " + human_seconds(boot_s * static_cast<double>(points + 2));
  return out;
}

std::string screen_text(const Log& log, double boot_s) {
  return points_text(log) + "       " + progress_text(log, boot_s) + "\n";
}

std::string conclusion_text(const Log& log, const Conclusion& c) {
  std::string out = to_string(c.word);
  if (c.word == Word::one_of) out += fmt::format(" {}", c.suspects.size());
  const bool named = has_culprit(c.word);
  if (named && c.suspects.size() == 1)
    out += fmt::format(": {} {}", point_name(log, c.suspects.front()),
                       log.settings.fixed ? "fixes it" : "is the first with it");
  else if (!c.why.empty())
    out += ": " + c.why;
  out += "\n";
  if (log.signature) out += "  " + describe(*log.signature) + "\n";
  if (named && c.suspects.size() > 1) out += "  those in the middle cannot be tested:\n";
  if (c.suspects.size() > 1) out += names_of(log, c.suspects);
  if (named && !c.why.empty()) out += "  " + c.why + "\n";
  if (!c.posterior.empty()) return out + bars(log, c.posterior);
  return named ? out + rests_on(log, c) : out;
}

}  // namespace pinrig::bisect
