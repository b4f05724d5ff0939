// SPDX-License-Identifier: GPL-2.0
#include "bisect/signature.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace pinrig::bisect {
namespace {

using model::Verdict;

int sign_of(std::int64_t pages) { return pages > 0 ? 1 : pages < 0 ? -1 : 0; }

const model::TestResult* row_of(const TestFacts& facts, const std::string& case_name) {
  const auto it = std::find_if(facts.rows.begin(), facts.rows.end(),
                               [&](const auto& r) { return r.verdict.case_name == case_name; });
  return it == facts.rows.end() ? nullptr : &*it;
}

double pages_of(const TestFacts& facts) {
  const auto* own = row_of(facts, "");
  return own == nullptr ? 0 : static_cast<double>(own->outstanding());
}

bool is_clean(Verdict v) { return v == Verdict::pass || v == Verdict::xfail; }

bool is_red(Verdict v) {
  return v == Verdict::fail || v == Verdict::leak || v == Verdict::crash || v == Verdict::timeout ||
         v == Verdict::xpass;
}

bool has_event(const Signature& s, const TestFacts& facts) {
  return std::any_of(facts.events.begin(), facts.events.end(),
                     [&](const auto& e) { return e.kind == s.event && e.title == s.title; });
}

std::optional<bool> number_is_red(const Signature& s, const model::TestResult& row, double& value) {
  const auto it = row.verdict.numbers.find(s.number);
  if (it == row.verdict.numbers.end() && s.number != "pages") return std::nullopt;
  value = it != row.verdict.numbers.end() ? it->second : static_cast<double>(row.outstanding());
  return s.above ? value > s.limit : value < s.limit;
}

const char* sign_word(int sign) { return sign > 0 ? "+" : sign < 0 ? "-" : "0"; }

std::optional<double> parse_number(const std::string& word) {
  double value = 0;
  const auto [end, ec] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (ec != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return value;
}

Error invalid(const std::string& what) { return make_error(ErrorKind::bad_input, "signature: " + what); }

/// The first word of `text`, which is left with the rest.
std::string take_word(std::string& text) {
  const auto end = text.find(' ');
  const std::string word = text.substr(0, end);
  text = end == std::string::npos ? "" : text.substr(end + 1);
  return word;
}

Result<Signature> verdict_line(Signature s, std::string text) {
  const auto verdict = take_word(text);
  const auto v = model::verdict_from_string(verdict);
  if (!v) return invalid(fmt::format("'{}' is no verdict", shown(verdict)));
  s.verdict = *v;
  const auto sign = take_word(text);
  if (sign != "+" && sign != "-" && sign != "0")
    return invalid(fmt::format("the sign of the pages is +, - or 0, not '{}'", shown(sign)));
  s.sign = sign == "+" ? 1 : sign == "-" ? -1 : 0;
  s.case_name = text;
  return s;
}

Result<Signature> number_line(Signature s, std::string text) {
  s.number = take_word(text);
  const auto side = take_word(text);
  if (side != "above" && side != "below")
    return invalid(fmt::format("'{}': expected above or below", shown(side)));
  s.above = side == "above";
  const auto word = take_word(text);
  const auto limit = parse_number(word);
  if (!limit) return invalid(fmt::format("'{}' is not a number", shown(word)));
  s.limit = *limit;
  s.case_name = text;
  return s;
}

}  // namespace

Answer judge(const Signature& s, const TestFacts& facts) {
  const auto* row = row_of(facts, s.case_name);
  Answer out{Seen::skip, pages_of(facts)};
  if (s.kind == Signature::Kind::event && has_event(s, facts)) return {Seen::red, out.value};
  if (row == nullptr) {
    // A case that a test did not come to because it went down is no case that the test lacks.
    const auto* own = row_of(facts, "");
    if (own != nullptr && !is_clean(own->verdict.verdict) && own->verdict.verdict != Verdict::skip)
      out.seen = Seen::other;
    return out;
  }
  const Verdict v = row->verdict.verdict;
  if (v == Verdict::skip) return out;
  if (s.kind == Signature::Kind::number) {
    const auto red = number_is_red(s, *row, out.value);
    out.seen = !red ? Seen::other : *red ? Seen::red : is_red(v) ? Seen::other : Seen::clean;
    return out;
  }
  out.seen = is_clean(v) ? Seen::clean : Seen::other;
  if (s.kind == Signature::Kind::verdict && v == s.verdict &&
      sign_of(static_cast<std::int64_t>(out.value)) == s.sign)
    out.seen = Seen::red;
  return out;
}

std::string why_skipped(const Signature& s, const TestFacts& facts) {
  const auto* row = row_of(facts, s.case_name);
  if (row == nullptr) return fmt::format("{} has no case '{}' here", s.test, s.case_name);
  return row->verdict.detail.empty() ? "the test skips" : row->verdict.detail;
}

std::optional<Signature> signature_of(const std::string& test, const std::string& case_name,
                                      const TestFacts& facts) {
  const auto* row = row_of(facts, case_name);
  if (row == nullptr || !is_red(row->verdict.verdict)) return std::nullopt;
  Signature s;
  s.test = test;
  s.case_name = case_name;
  s.verdict = row->verdict.verdict;
  s.sign = sign_of(static_cast<std::int64_t>(pages_of(facts)));
  if (s.verdict != Verdict::crash || facts.events.empty()) return s;
  const auto fatal =
      std::find_if(facts.events.begin(), facts.events.end(), [](const auto& e) { return e.fatal; });
  const auto& event = fatal == facts.events.end() ? facts.events.front() : *fatal;
  Signature crash;
  crash.kind = Signature::Kind::event;
  crash.test = test;
  crash.event = event.kind;
  crash.title = event.title;
  return crash;
}

std::string describe(const Signature& s) {
  const std::string name = s.case_name.empty() ? s.test : s.test + ":" + s.case_name;
  switch (s.kind) {
    case Signature::Kind::verdict:
      return fmt::format("{}: {}{}", name, model::to_string(s.verdict),
                         s.sign == 0 ? "" : fmt::format(", pages {}", sign_word(s.sign)));
    case Signature::Kind::event:
      return fmt::format("{}: {}", s.test, s.title);
    case Signature::Kind::number:
      return fmt::format("{}: {} {} {}", name, s.number, s.above ? ">" : "<", s.limit);
  }
  return name;
}

std::string to_line(const Signature& s) {
  const auto with_case = [&](std::string text) {
    return s.case_name.empty() ? text : text + " " + s.case_name;
  };
  switch (s.kind) {
    case Signature::Kind::verdict:
      return with_case(
          fmt::format("verdict {} {} {}", s.test, model::to_string(s.verdict), sign_word(s.sign)));
    case Signature::Kind::event:
      return fmt::format("event {} {} {}", s.test, s.event, s.title);
    case Signature::Kind::number:
      return with_case(
          fmt::format("number {} {} {} {}", s.test, s.number, s.above ? "above" : "below", s.limit));
  }
  return "";
}

Result<Signature> signature_from_line(const std::string& line) {
  std::string text = line;
  const auto kind = take_word(text);
  Signature s;
  s.test = take_word(text);
  if (s.test.empty()) return invalid("no test");
  if (kind == "verdict") return verdict_line(std::move(s), std::move(text));
  if (kind == "number") {
    s.kind = Signature::Kind::number;
    return number_line(std::move(s), std::move(text));
  }
  if (kind != "event") return invalid(fmt::format("'{}': expected verdict, event or number", shown(kind)));
  s.kind = Signature::Kind::event;
  s.event = take_word(text);
  s.title = text;
  if (s.title.empty()) return invalid("an event has a kind and a title");
  return s;
}

TestName test_name(const std::string& word) {
  const auto colon = word.find(':');
  if (colon == std::string::npos) return {word, ""};
  return {word.substr(0, colon), word.substr(colon + 1)};
}

Result<Signature> number_signature(const TestName& test, const std::string& word) {
  Signature s;
  s.kind = Signature::Kind::number;
  s.test = test.test;
  s.case_name = test.case_name;
  const auto at = word.find_first_of("<>");
  const auto limit = at == std::string::npos ? std::nullopt : parse_number(word.substr(at + 1));
  if (at == 0 || !limit)
    return make_error(ErrorKind::bad_usage,
                      fmt::format("--number '{}': expected NAME>LIMIT or NAME<LIMIT", word),
                      "a number that the test prints, or pages: --number 'get_us>150'");
  s.number = word.substr(0, at);
  s.above = word[at] == '>';
  s.limit = *limit;
  return s;
}

}  // namespace pinrig::bisect
