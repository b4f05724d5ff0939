// SPDX-License-Identifier: GPL-2.0
#include "kconfig/fragment.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace pinrig::kconfig {
namespace {

constexpr std::string_view prefix = "CONFIG_";
constexpr std::string_view not_set = " is not set";
constexpr std::string_view declaration = "pinrig:";

bool is_symbol(std::string_view s) {
  return !s.empty() && std::all_of(s.begin(), s.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

bool is_number(std::string_view s) {
  if (s.starts_with("-")) s.remove_prefix(1);
  int base = 10;
  if (s.starts_with("0x") || s.starts_with("0X")) {
    s.remove_prefix(2);
    base = 16;
  }
  unsigned long long ignored = 0;
  const auto [end, ec] = std::from_chars(s.data(), s.data() + s.size(), ignored, base);
  return !s.empty() && ec == std::errc() && end == s.data() + s.size();
}

bool is_value(std::string_view s) {
  if (s == "y" || s == "m" || s == "n") return true;
  return (s.size() >= 2 && s.front() == '"' && s.back() == '"') || is_number(s);
}

/// "CONFIG_X=v" or "# CONFIG_X is not set" as symbol and value.
std::optional<std::pair<std::string, std::string>> symbol_line(std::string_view line) {
  if (line.starts_with("#")) {
    line = trim(line.substr(1));
    if (!line.starts_with(prefix) || !line.ends_with(not_set)) return std::nullopt;
    line.remove_prefix(prefix.size());
    line.remove_suffix(not_set.size());
    if (!is_symbol(line)) return std::nullopt;
    return std::pair{std::string(line), std::string("n")};
  }
  if (!line.starts_with(prefix)) return std::nullopt;
  const auto eq = line.find('=');
  if (eq == std::string_view::npos) return std::nullopt;
  const auto name = line.substr(prefix.size(), eq - prefix.size());
  if (!is_symbol(name)) return std::nullopt;
  return std::pair{std::string(name), std::string(line.substr(eq + 1))};
}

/// Declarations seen since the last symbol line.
struct Pending {
  std::optional<Version> since;
  std::optional<Version> until;
  std::string optional;
  bool yields = false;
  int line = 0;  ///< of the first one; 0 = none
};

class Parser {
 public:
  explicit Parser(const std::string& file) { out_.file = file; }

  Result<Fragment> parse(std::string_view text) {
    for (const auto raw : lines(text)) {
      ++line_;
      const auto line = trim(raw);
      if (!line.empty()) PINRIG_CHECK(take(line));
    }
    if (pending_.line != 0) return dangling();
    return std::move(out_);
  }

 private:
  Result<void> take(std::string_view line) {
    if (const auto found = symbol_line(line)) return symbol(found->first, found->second);
    if (!line.starts_with("#")) {
      return bad(fmt::format("'{}' is not a configuration line", line),
                 "write CONFIG_X=y, CONFIG_X=m, CONFIG_X=\"text\", CONFIG_X=7 or '# CONFIG_X is not set'");
    }
    const auto comment = trim(line.substr(1));
    if (!comment.starts_with(declaration)) return {};
    return declare(trim(comment.substr(declaration.size())));
  }

  Result<void> symbol(const std::string& name, const std::string& value) {
    if (!is_value(value)) {
      return bad(fmt::format("CONFIG_{} has the value '{}'", name, value),
                 "a value is y, m, n, a number or a string in double quotes");
    }
    Wanted w{name, value, pending_.since, pending_.until, pending_.optional, pending_.yields, where()};
    pending_ = {};
    out_.wanted.push_back(std::move(w));
    return {};
  }

  Result<void> declare(std::string_view text) {
    const auto space = text.find(' ');
    const auto word = text.substr(0, space);
    const auto rest = space == std::string_view::npos ? std::string_view() : trim(text.substr(space));
    if (pending_.line == 0) pending_.line = line_;
    if (word == "optional") {
      if (rest.empty())
        return bad("'optional' without a reason", "give a reason: '# pinrig: optional REASON'");
      pending_.optional = rest;
      return {};
    }
    if (word == "default" && rest.empty()) {
      pending_.yields = true;
      return {};
    }
    if (word != "since" && word != "until") {
      return bad(fmt::format("unknown declaration '{}'", word),
                 "known: '# pinrig: since VERSION', 'until VERSION', 'optional REASON', 'default'");
    }
    const auto version = parse_version(rest);
    if (!version)
      return bad(fmt::format("'{}' is not a kernel version", rest), "write it as in '# pinrig: since 6.5'");
    (word == "since" ? pending_.since : pending_.until) = version;
    return {};
  }

  Error dangling() const {
    return make_error(
        ErrorKind::bad_input,
        fmt::format("{}:{}: declaration without a symbol line after it", out_.file, pending_.line),
        "put it on the line before its symbol");
  }
  Error bad(const std::string& what, const std::string& hint) const {
    return make_error(ErrorKind::bad_input, fmt::format("{}:{}: {}", out_.file, line_, what), hint);
  }
  model::SourceLocation where() const { return {out_.file, line_, 0}; }

  Fragment out_;
  Pending pending_;
  int line_ = 0;
};

}  // namespace

std::optional<Version> parse_version(std::string_view text) {
  Version v;
  const char* const end = text.data() + text.size();
  const auto major = std::from_chars(text.data(), end, v.major);
  if (major.ec != std::errc() || major.ptr == end || *major.ptr != '.') return std::nullopt;
  const auto minor = std::from_chars(major.ptr + 1, end, v.minor);
  if (minor.ec != std::errc()) return std::nullopt;
  return v;
}

Result<Fragment> parse_fragment(const std::string& file, std::string_view text) {
  return Parser(file).parse(text);
}

Result<Request> merge(const std::vector<Fragment>& fragments, Version version) {
  Request out;
  for (const auto& fragment : fragments) {
    for (const auto& w : fragment.wanted) {
      if (!w.applies_to(version)) continue;
      const auto [at, fresh] = out.emplace(w.symbol, w);
      if (fresh) continue;
      if (at->second.yields != w.yields) {
        if (at->second.yields) at->second = w;
        continue;
      }
      if (at->second.value != w.value) {
        return make_error(ErrorKind::bad_input,
                          fmt::format("{}:{}: {} contradicts {} at {}:{}", w.where.file, w.where.line,
                                      config_line(w.symbol, w.value), config_line(w.symbol, at->second.value),
                                      at->second.where.file, at->second.where.line),
                          "remove one of the two lines, or do not use both fragments in one run");
      }
      // Said twice, once as a must: it is a must.
      if (w.optional.empty()) at->second.optional.clear();
    }
  }
  return out;
}

std::string config_line(const std::string& symbol, const std::string& value) {
  if (value == "n") return fmt::format("# CONFIG_{} is not set", symbol);
  return fmt::format("CONFIG_{}={}", symbol, value);
}

std::string to_config_text(const Request& request) {
  std::string out;
  for (const auto& [symbol, w] : request) out += config_line(symbol, w.value) + '\n';
  return out;
}

std::map<std::string, std::string> parse_config(std::string_view text) {
  std::map<std::string, std::string> out;
  for (const auto line : lines(text)) {
    if (auto found = symbol_line(trim(line)))
      out.insert_or_assign(std::move(found->first), std::move(found->second));
  }
  return out;
}

}  // namespace pinrig::kconfig
