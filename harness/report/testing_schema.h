// SPDX-License-Identifier: GPL-2.0
// JSON Schema for tests: the keywords that our schemas use, and no others. An unknown keyword is an error, so
// that no rule passes unread.
#pragma once

#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace pinrig::report {

class SchemaCheck {
 public:
  explicit SchemaCheck(nlohmann::json schema) : schema_(std::move(schema)) {}
  /// What does not fit, each with its path: "/kernels/0/state: not one of the values".
  std::vector<std::string> problems(const nlohmann::json& value) {
    out_.clear();
    check(schema_, value, "");
    return out_;
  }

 private:
  using Json = nlohmann::json;

  void say(const std::string& at, const std::string& what) {
    if (out_.size() < 20) out_.push_back((at.empty() ? "/" : at) + ": " + what);
  }

  static bool has_type(const std::string& type, const Json& v) {
    if (type == "object") return v.is_object();
    if (type == "array") return v.is_array();
    if (type == "string") return v.is_string();
    if (type == "boolean") return v.is_boolean();
    if (type == "null") return v.is_null();
    if (type == "integer") return v.is_number_integer();
    return type == "number" && v.is_number();
  }

  void check_type(const Json& types, const Json& v, const std::string& at) {
    const Json list = types.is_array() ? types : Json::array({types});
    for (const auto& t : list) {
      if (has_type(t.get<std::string>(), v)) return;
    }
    say(at, "is no " + list.dump());
  }

  void check_object(const Json& s, const Json& v, const std::string& at) {
    for (const auto& name : s.value("required", Json::array())) {
      if (!v.contains(name.get<std::string>())) say(at, "has no " + name.dump());
    }
    const Json known = s.value("properties", Json::object());
    const Json rest = s.value("additionalProperties", Json(true));
    for (const auto& [name, item] : v.items()) {
      const std::string path = at + "/" + name;
      if (known.contains(name))
        check(known.at(name), item, path);
      else if (rest.is_object())
        check(rest, item, path);
      else if (rest == false)
        say(path, "is not in the schema");
    }
  }

  static std::size_t characters(const std::string& text) {
    std::size_t n = 0;
    for (const char c : text) n += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    return n;
  }

  void check_string(const Json& s, const std::string& v, const std::string& at) {
    if (characters(v) < s.value("minLength", 0U)) say(at, "is too short");
    if (s.contains("maxLength") && characters(v) > s.at("maxLength").get<std::size_t>())
      say(at, "is too long");
    if (s.contains("pattern") && !std::regex_search(v, std::regex(s.at("pattern").get<std::string>())))
      say(at, "does not match " + s.at("pattern").dump() + ": " + v.substr(0, 80));
  }

  void check(const Json& s, const Json& v, const std::string& at) {
    static const std::set<std::string> keywords{
        "$schema", "$id",    "$defs",   "definitions", "$ref",      "title",   "description",
        "type",    "enum",   "const",   "properties",  "required",  "items",   "additionalProperties",
        "pattern", "format", "minimum", "minLength",   "maxLength", "minItems"};
    for (const auto& [name, _] : s.items()) {
      if (!keywords.contains(name)) say(at, "the schema has an unknown keyword " + name);
    }
    if (s.contains("$ref"))
      return check(schema_.at(Json::json_pointer(s.at("$ref").get<std::string>().substr(1))), v, at);
    if (s.contains("type")) check_type(s.at("type"), v, at);
    if (s.contains("const") && v != s.at("const")) say(at, "is not " + s.at("const").dump());
    if (s.contains("enum") && std::find(s.at("enum").begin(), s.at("enum").end(), v) == s.at("enum").end())
      say(at, v.dump() + " is none of " + s.at("enum").dump());
    if (v.is_object()) check_object(s, v, at);
    if (v.is_string()) check_string(s, v.get<std::string>(), at);
    if (v.is_number() && s.contains("minimum") && v < s.at("minimum")) say(at, "is too small");
    if (!v.is_array()) return;
    if (s.contains("minItems") && v.size() < s.at("minItems").get<std::size_t>()) say(at, "has too few");
    for (std::size_t i = 0; s.contains("items") && i < v.size(); ++i)
      check(s.at("items"), v[i], at + "/" + std::to_string(i));
  }

  Json schema_;
  std::vector<std::string> out_;
};

}  // namespace pinrig::report
