// SPDX-License-Identifier: GPL-2.0
#include "bisect/log.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <string_view>

#include "base/text.h"
#include "bisect/tally.h"

namespace pinrig::bisect {
namespace {

constexpr std::string_view first_line = "# pinrig bisect.log 1";
constexpr std::size_t most_points = 100000;
constexpr const char* reverted_word = "reverted";

template <typename Number>
std::optional<Number> number_in(std::string_view word) {
  Number value{};
  const auto [end, ec] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (ec != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return value;
}

bool is_hex(std::string_view word) {
  return !word.empty() && word.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_time(std::string_view word) {
  return word.size() == 20 && word[4] == '-' && word[10] == 'T' && word.ends_with('Z');
}

/// The first `n` words of a line, and the rest as one more.
std::vector<std::string> words_of(std::string_view line, std::size_t n) {
  std::vector<std::string> out;
  while (out.size() < n && !line.empty()) {
    const auto end = line.find(' ');
    out.emplace_back(line.substr(0, end));
    line = end == std::string_view::npos ? std::string_view{} : line.substr(end + 1);
  }
  if (!line.empty()) out.emplace_back(line);
  return out;
}

class Parser {
 public:
  explicit Parser(std::string name) : name_(std::move(name)) {}

  Result<Log> parse(const std::string& text) {
    const auto end = text.rfind('\n');
    const std::string_view whole = std::string_view(text).substr(0, end == std::string::npos ? 0 : end + 1);
    for (const auto line : lines(whole)) {
      ++line_;
      if (line_ == 1 && line != first_line)
        return wrong(fmt::format("no bisect.log: its first line is '{}'", first_line));
      if (line.empty() || line.front() == '#') continue;
      PINRIG_CHECK(read_line(line));
    }
    if (line_ == 0) return wrong("empty");
    if (log_.points.size() < 2) return wrong("no range: at least two points are needed");
    if (log_.test.empty()) return wrong("no test");
    return std::move(log_);
  }

 private:
  Error wrong(const std::string& what) const {
    return make_error(ErrorKind::bad_input, fmt::format("{}:{}: {}", name_, std::max(line_, 1), what));
  }

  Result<void> read_line(std::string_view line) {
    const auto words = words_of(line, 1);
    const std::string rest = words.size() > 1 ? words[1] : "";
    if (is_time(words[0])) return read_event(line);
    if (words[0] == "point") return read_point(line);
    if (words[0] == "image") return read_image(line);
    if (words[0] == "signature") return read_signature(rest);
    if (words[0] == "without") return read_without(rest);
    auto& s = log_.settings;
    const std::map<std::string, bool*> flags{
        {"fixed", &s.fixed}, {"can-revert", &s.can_revert}, {"each", &s.each}, {"per-boot", &s.per_boot}};
    if (const auto flag = flags.find(words[0]); flag != flags.end()) {
      *flag->second = true;
      return {};
    }
    if (words[0] == "budget" || words[0] == "first") {
      const auto n = number_in<int>(rest);
      if (!n || *n < 0)
        return wrong(fmt::format("{} '{}': expected a number of {}", words[0], shown(rest),
                                 words[0] == "first" ? "a patch" : "runs"));
      (words[0] == "first" ? log_.first : log_.settings.budget) = *n;
      return {};
    }
    if (words[0] == "arch") {
      const auto arch = model::arch_from_string(rest);
      if (!arch) return wrong(fmt::format("arch '{}': expected x86_64 or aarch64", shown(rest)));
      log_.arch = *arch;
      return {};
    }
    const std::map<std::string, std::string*> texts{{"series", &log_.series},
                                                    {"git", &log_.repo},
                                                    {"base", &log_.base},
                                                    {"run", &log_.spec},
                                                    {"test", &log_.test}};
    const auto it = texts.find(words[0]);
    if (it == texts.end()) return wrong(fmt::format("unknown word '{}'", shown(words[0])));
    if (rest.empty()) return wrong(fmt::format("{}: no value", words[0]));
    *it->second = rest;
    return {};
  }

  Result<void> read_point(std::string_view line) {
    const auto words = words_of(line, 4);
    if (words.size() < 4) return wrong("a point has a number, a commit, its parents and a subject");
    const auto number = number_in<int>(words[1]);
    if (!number || *number != static_cast<int>(log_.points.size()))
      return wrong(fmt::format("point '{}': expected {}", shown(words[1]), log_.points.size()));
    if (log_.points.size() >= most_points) return wrong(fmt::format("more than {} points", most_points));
    if (!is_hex(words[2])) return wrong(fmt::format("'{}' is no commit", shown(words[2])));
    Point p;
    p.sha = words[2];
    p.subject = words.size() > 4 ? words[4] : "";
    for (const auto& word : split(words[3] == "-" ? "" : words[3], ',')) {
      if (word.empty()) continue;
      const auto parent = number_in<int>(word);
      if (!parent || *parent < 0 || *parent >= *number)
        return wrong(fmt::format("parent '{}' of point {}: expected an earlier point", shown(word), *number));
      p.parents.push_back(*parent);
    }
    log_.points.push_back(std::move(p));
    return {};
  }

  Result<int> point_in(const std::string& word) const {
    if (word == reverted_word) return reverted_point;
    const auto number = number_in<int>(word);
    if (!number || *number < 0 || *number >= static_cast<int>(log_.points.size()))
      return wrong(fmt::format("no point '{}': the log has 0 to {}", shown(word),
                               static_cast<int>(log_.points.size()) - 1));
    return *number;
  }

  Result<void> read_without(const std::string& word) {
    PINRIG_TRY(point, point_in(word));
    if (point < 1)
      return wrong(fmt::format("without '{}': the older end has no patch to revert", shown(word)));
    log_.without.push_back(point);
    return {};
  }

  Result<void> read_image(std::string_view line) {
    const auto words = words_of(line, 3);
    if (words.size() != 3 || !is_hex(words[2])) return wrong("expected: image POINT HASH");
    PINRIG_TRY(point, point_in(words[1]));
    if (point == reverted_point) return wrong("the reverted point has no image");
    log_.points[static_cast<std::size_t>(point)].image = words[2];
    return {};
  }

  Result<void> read_signature(const std::string& text) {
    auto s = signature_from_line(text);
    if (s.has_error()) return wrong(s.error().message);
    log_.signature = std::move(*s);
    return {};
  }

  Result<void> read_event(std::string_view line) {
    const auto words = words_of(line, 7);
    if (words.size() == 2 && words[1] == "resumed") {
      std::erase_if(log_.seen, [](const auto& o) { return o.seen == Seen::infra; });
      return {};
    }
    if (words.size() != 7)
      return wrong("an observation has a time, point, commit, verdict, purpose, number and run");
    Observation o;
    o.time = words[0];
    PINRIG_TRY(point, point_in(words[1]));
    o.point = point;
    const std::string sha = point == reverted_point ? "-" : log_.points[static_cast<std::size_t>(point)].sha;
    if (words[2] != sha)
      return wrong(fmt::format("point {} is commit {}, not '{}'", words[1], sha, shown(words[2])));
    const auto seen = seen_from_string(words[3]);
    if (!seen) return wrong(fmt::format("'{}': expected red, clean, other, skip or infra", shown(words[3])));
    const auto purpose = purpose_from_string(words[4]);
    if (!purpose) return wrong(fmt::format("no such purpose: '{}'", shown(words[4])));
    const auto value = number_in<double>(words[5]);
    if (!value) return wrong(fmt::format("'{}' is not a number", shown(words[5])));
    o.seen = *seen;
    o.purpose = *purpose;
    o.value = *value;
    o.run = words[6] == "-" ? "" : words[6];
    log_.seen.push_back(std::move(o));
    return {};
  }

  std::string name_;
  int line_ = 0;
  Log log_;
};

std::string one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < ' '; }, ' ');
  return text;
}

std::string parents_text(const Point& p) {
  if (p.parents.empty()) return "-";
  std::vector<std::string> words;
  for (const int parent : p.parents) words.push_back(std::to_string(parent));
  return join(words, ",");
}

}  // namespace

std::string header_text(const Log& log) {
  std::string out = std::string(first_line) + "\n";
  const auto add = [&](const char* key, const std::string& value) {
    if (!value.empty()) out += fmt::format("{} {}\n", key, one_line(value));
  };
  add("series", log.series);
  add("git", log.repo);
  add("base", log.base);
  add("arch", to_string(log.arch));
  add("run", log.spec);
  add("test", log.test);
  if (log.settings.fixed) out += "fixed\n";
  if (log.settings.can_revert) out += "can-revert\n";
  if (log.settings.each) out += "each\n";
  if (log.settings.per_boot) out += "per-boot\n";
  if (log.settings.budget > 0) out += fmt::format("budget {}\n", log.settings.budget);
  if (log.first > 0) out += fmt::format("first {}\n", log.first);
  for (std::size_t i = 0; i < log.points.size(); ++i) {
    const auto& p = log.points[i];
    out += fmt::format("point {} {} {}{}\n", i, p.sha, parents_text(p),
                       p.subject.empty() ? "" : " " + one_line(p.subject));
  }
  for (const int p : log.without) out += fmt::format("without {}\n", p);
  if (log.signature) out += signature_line(*log.signature);
  return out;
}

std::string observation_line(const Log& log, const Observation& o) {
  const bool reverted = o.point == reverted_point;
  return fmt::format("{} {} {} {} {} {} {}\n", o.time, reverted ? reverted_word : std::to_string(o.point),
                     reverted ? "-" : log.points[static_cast<std::size_t>(o.point)].sha, to_string(o.seen),
                     to_string(o.purpose), o.value, o.run.empty() ? "-" : o.run);
}

std::string image_line(int point, const std::string& image) {
  return fmt::format("image {} {}\n", point, image);
}

std::string signature_line(const Signature& signature) { return "signature " + to_line(signature) + "\n"; }

std::string resumed_line(const std::string& time) { return time + " resumed\n"; }

std::vector<int> reverted_at(const Log& log, int point, int culprit) {
  std::vector<int> out;
  if (point == reverted_point) out.push_back(culprit);
  const int at = point == reverted_point ? static_cast<int>(log.points.size()) - 1 : point;
  if (!log.without.empty()) {
    const auto history = log.history();
    std::copy_if(log.without.begin(), log.without.end(), std::back_inserter(out),
                 [&](int p) { return history.upto(at).has(p); });
  }
  std::sort(out.rbegin(), out.rend());
  return out;
}

Result<Log> parse_log(const std::string& text, const std::string& name) { return Parser(name).parse(text); }

std::string git_log(const Log& log) {
  const auto& s = log.settings;
  const char* before = s.fixed ? "broken" : "good";
  const char* after = s.fixed ? "fixed" : "bad";
  std::string out =
      s.fixed ? "git bisect start '--term-new=fixed' '--term-old=broken'\n" : "git bisect start\n";
  const auto say = [&](const char* word, int p) {
    const auto& point = log.points[static_cast<std::size_t>(p)];
    out += fmt::format("# {}: [{}] {}\ngit bisect {} {}\n", word, point.sha, one_line(point.subject), word,
                       point.sha);
  };
  const History history = log.history();
  const Tallies tallies(history, log.seen);
  const int needed = std::max(calibration_of(history, s, log.seen).runs, 1);
  const auto state = [&](int p) { return state_of(tallies.at(p), needed); };
  const auto ends = {history.last(), 0};
  for (const int p : ends) {
    if (state(p) == State::red || state(p) == State::clean) say(p == 0 ? before : after, p);
  }
  std::vector<int> told(ends);
  for (const auto& o : log.seen) {
    if (o.point < 0 || std::find(told.begin(), told.end(), o.point) != told.end()) continue;
    told.push_back(o.point);
    if (state(o.point) == State::unknown) continue;
    if (state(o.point) == State::skipped)
      say("skip", o.point);
    else
      say((state(o.point) == State::red) != s.fixed ? after : before, o.point);
  }
  const Step step = next_step(history, s, log.seen);
  const auto* end = std::get_if<Conclusion>(&step);
  if (end != nullptr && has_culprit(end->word) && end->suspects.size() == 1) {
    const auto& p = log.points[static_cast<std::size_t>(end->suspects.front())];
    out += fmt::format("# first {} commit: [{}] {}\n", after, p.sha, one_line(p.subject));
  }
  return out;
}

}  // namespace pinrig::bisect
