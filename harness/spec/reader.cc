// SPDX-License-Identifier: GPL-2.0
#include "spec/reader.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/text.h"

namespace pinrig::spec {
namespace {

const char* kind_name(Node::Kind k) {
  switch (k) {
    case Node::Kind::null:
      return "nothing";
    case Node::Kind::scalar:
      return "a string";
    case Node::Kind::list:
      return "a list";
    case Node::Kind::map:
      return "a mapping";
  }
  return "?";
}

bool digits_only(const std::string& s) {
  return !s.empty() && std::all_of(s.begin(), s.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string why_no_number(const Node& n) {
  if (n.quoted) return "it is quoted, which makes it a string in YAML";
  if (!n.text.empty() && n.text[0] == '-' && digits_only(n.text.substr(1))) return "it is negative";
  if (digits_only(n.text) && n.text.size() > 1 && n.text[0] == '0')
    return "a leading zero means octal in some YAML versions";
  return "only digits are allowed";
}

}  // namespace

void Reader::fail(const Node& at, const std::string& message, std::string hint) {
  fail(make_error(ErrorKind::bad_input, fmt::format("{}: {}", model::to_string(where(at)), message),
                  std::move(hint)));
}

void Reader::fail(Error e) {
  if (!error_) error_ = std::move(e);
}

bool Reader::scalar(const Node& n, const std::string& key, const std::string& wanted) {
  if (n.kind == Node::Kind::scalar) return true;
  fail(n, n.kind == Node::Kind::null
              ? fmt::format("{}: no value, expected {}", key, wanted)
              : fmt::format("{}: expected {}, got {}", key, wanted, kind_name(n.kind)));
  return false;
}

std::string Reader::text(const Node& n, const std::string& key) {
  if (!scalar(n, key, "a string")) return {};
  if (trim(n.text).empty()) fail(n, fmt::format("{}: must not be empty", key));
  if (n.text.find_first_of(std::string("\n\r\0", 3)) != std::string::npos)
    fail(n, fmt::format("{}: more than one line", key), "write it in one line");
  return n.text;
}

std::string Reader::word(const Node& n, const std::string& key) {
  std::string s = text(n, key);
  const auto alnum = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  const auto allowed = [&](char c) { return alnum(c) || c == '.' || c == '_' || c == '-' || c == '+'; };
  if (ok() && (!alnum(s[0]) || !std::all_of(s.begin(), s.end(), allowed)))
    fail(n, fmt::format(
                "{}: '{}' is not a name: only letters, digits and . _ + -, starting with a letter or digit",
                key, s));
  return s;
}

int Reader::whole(const Node& n, const std::string& key, int min, int max) {
  if (!scalar(n, key, "a whole number")) return min;
  const bool canonical = !n.quoted && digits_only(n.text) && (n.text.size() == 1 || n.text[0] != '0');
  if (!canonical) {
    fail(n, fmt::format("{}: '{}' is not a whole number: {}", key, n.text, why_no_number(n)),
         fmt::format("write a number from {} to {}", min, max));
    return min;
  }
  int value = 0;
  const auto [end, ec] = std::from_chars(n.text.data(), n.text.data() + n.text.size(), value);
  if (ec != std::errc() || value < min || value > max) {
    fail(n, fmt::format("{}: {} is out of range, must be {} to {}", key, n.text, min, max));
    return min;
  }
  return value;
}

double Reader::seconds(const Node& n, const std::string& key) {
  constexpr double day = 86400;
  if (!scalar(n, key, "a number of seconds")) return day;
  double value = 0;
  const auto [end, ec] =
      std::from_chars(n.text.data(), n.text.data() + n.text.size(), value, std::chars_format::fixed);
  if (n.quoted || ec != std::errc() || end != n.text.data() + n.text.size() || !std::isfinite(value)) {
    fail(n, fmt::format("{}: '{}' is not a number of seconds", key, n.text),
         "write a number without a unit, for example 30 or 2.5");
    return day;
  }
  if (value <= 0 || value > day)
    fail(n, fmt::format("{}: {} s is out of range, must be above 0 and at most {}", key, n.text, day));
  return value;
}

bool Reader::truth(const Node& n, const std::string& key) {
  if (!scalar(n, key, "true or false")) return false;
  if (!n.quoted && (n.text == "true" || n.text == "false")) return n.text == "true";
  fail(n, fmt::format("{}: '{}' is neither true nor false", key, n.text),
       "write true or false; what yes, no, on and off mean depends on the YAML version");
  return false;
}

int Reader::size_mib(const Node& n, const std::string& key, bool zero) {
  if (!scalar(n, key, "a size such as 512M or 2G")) return 1;
  if (zero && n.text == "0" && !n.quoted) return 0;
  const std::string hint =
      "write a whole number directly followed by M (MiB) or G (GiB), for example 512M or 2G";
  const std::string number = n.text.empty() ? "" : n.text.substr(0, n.text.size() - 1);
  const char unit = n.text.empty() ? '\0' : n.text.back();
  int value = 0;
  const auto [end, ec] = std::from_chars(number.data(), number.data() + number.size(), value);
  if ((unit != 'M' && unit != 'G') || !digits_only(number) || (number.size() > 1 && number[0] == '0')) {
    fail(n, fmt::format("{}: '{}' is not a size", key, n.text), hint);
    return 1;
  }
  constexpr int max_mib = 1 << 20;
  const int limit = unit == 'G' ? max_mib / 1024 : max_mib;
  if (ec != std::errc() || value < 1 || value > limit) {
    fail(n, fmt::format("{}: {} is out of range, must be 1M to 1024G", key, n.text), hint);
    return 1;
  }
  return unit == 'G' ? value * 1024 : value;
}

const std::vector<Node>& Reader::list(const Node& n, const std::string& key) {
  const auto& items = list_or_none(n, key);
  if (ok() && items.empty())
    fail(n, fmt::format("{}: the list is empty", key), "name at least one, or leave the key out");
  return items;
}

const std::vector<Node>& Reader::list_or_none(const Node& n, const std::string& key) {
  static const std::vector<Node> none;
  if (n.kind != Node::Kind::list) {
    fail(n,
         n.kind == Node::Kind::null ? fmt::format("{}: no value, expected a list", key)
                                    : fmt::format("{}: expected a list, got {}", key, kind_name(n.kind)),
         n.kind == Node::Kind::scalar ? fmt::format("write {}: [{}]", key, n.text) : "");
    return none;
  }
  return n.items;
}

std::vector<model::SourceLocation> Reader::wheres(const Node& list) const {
  std::vector<model::SourceLocation> out;
  for (const auto& item : list.items) out.push_back(where(item));
  return out;
}

std::vector<std::string> Reader::texts(const Node& n, const std::string& key) {
  std::vector<std::string> out;
  for (const auto& item : list(n, key)) out.push_back(text(item, key));
  return out;
}

std::vector<std::string> Reader::texts_or_none(const Node& n, const std::string& key) {
  std::vector<std::string> out;
  for (const auto& item : list_or_none(n, key)) out.push_back(text(item, key));
  return out;
}

std::size_t Reader::choice(const Node& n, const std::string& key, const std::vector<std::string>& words) {
  if (!scalar(n, key, "one of " + join(words, ", "))) return 0;
  const auto found = std::find(words.begin(), words.end(), n.text);
  if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  fail(n, fmt::format("{}: '{}' is not one of {}{}", key, n.text, join(words, ", "),
                      did_you_mean(n.text, words)));
  return 0;
}

Fields::Fields(Reader& reader, const Node& node, Section section)
    : reader_(reader), map_(node), schema_(schema_of(section)) {
  const auto& known = schema_.keys;
  if (node.kind != Node::Kind::map) {
    reader.fail(node, fmt::format("{}: expected a mapping, got {}", schema_.what, kind_name(node.kind)),
                "known keys: " + join(known, ", "));
    return;
  }
  for (const auto& key : node.keys) {
    if (std::find(known.begin(), known.end(), key.text) == known.end())
      reader.fail(
          key, fmt::format("unknown key '{}' in {}{}", key.text, schema_.what, did_you_mean(key.text, known)),
          "known keys: " + join(known, ", "));
  }
}

const Node* Fields::get(const std::string& key) const {
  for (std::size_t i = 0; i < map_.keys.size(); ++i) {
    if (map_.keys[i].text == key) return &map_.items[i];
  }
  return nullptr;
}

const Node* Fields::need(const std::string& key) const {
  const Node* n = get(key);
  if (n == nullptr)
    reader_.fail(map_, fmt::format("key '{}' is missing in {}", key, schema_.what),
                 fmt::format("add '{}: ...'", key));
  return n;
}

const Node& Fields::key_node(const std::string& key) const {
  for (const auto& k : map_.keys) {
    if (k.text == key) return k;
  }
  return map_;
}

}  // namespace pinrig::spec
