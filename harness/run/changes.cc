// SPDX-License-Identifier: GPL-2.0
// What differs between a run.json and what the same run would be now.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "run/resume.h"

namespace pinrig::run {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t max_changes = 12;

/// Keys of run.json that results do not depend on: how it was asked for, and where. Of `options` everything
/// is in the keys that follow; `notes` are about the plan.
constexpr std::array without = {"format", "version",     "store", "command", "options",
                                "jobs",   "environment", "notes", "project"};
/// The commit of pinrig's checkout: a change of a document is one, too. What of it goes into a run has keys
/// of its own.
constexpr const char* own_commit = "pinrig_commit";

/// `file` is where something was read, as seen from the working directory.
bool matters(const std::string& key) { return key != own_commit && key != "file"; }

std::string short_text(const ordered_json& j) {
  constexpr std::size_t longest = 60;
  if (j.is_null()) return "not there";
  if (j.is_array()) return fmt::format("{} long", j.size());
  std::string text =
      j.is_string() ? j.get<std::string>() : j.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
  if (text.empty()) return "empty";
  return shown(text.size() > longest ? text.substr(0, longest) + "..." : text);
}

/// An entry of a list by its name, as people know it.
std::string entry_name(const ordered_json& entry, std::size_t i) {
  for (const char* key : {"id", "name", "label", "subject"}) {
    if (!entry.is_object() || !entry.contains(key) || !entry.at(key).is_string()) continue;
    if (auto name = entry.at(key).get<std::string>(); !name.empty()) return name;
  }
  return std::to_string(i + 1);
}

/// "fragments.pin" is a file; other keys speak for themselves.
std::string place_of(const std::string& key, const std::string& child) {
  if (key == "fragments") return "SHA-256 of configs/fragments/" + child + ".config";
  return key.empty() ? child : key + "." + child;
}

std::string top_name(const std::string& key) {
  return key == "guest_programs" ? "SHA-256 of the guest programs' sources (guest-tests/)" : key;
}

class Differences {
 public:
  void compare(const std::string& at, const ordered_json& then, const ordered_json& now) {
    if (then == now) return;
    if (then.is_object() && now.is_object()) return objects(at, then, now);
    if (then.is_array() && now.is_array() && then.size() == now.size()) {
      for (std::size_t i = 0; i < then.size(); ++i)
        compare(fmt::format("{}[{}]", at, entry_name(then[i], i)), then[i], now[i]);
      return;
    }
    add(fmt::format("{} is {} now, it was {}", at, short_text(now), short_text(then)));
  }

  std::vector<std::string> take() {
    if (more_ > 0) out_.push_back(fmt::format("and {} more", more_));
    return std::move(out_);
  }

 private:
  void objects(const std::string& at, const ordered_json& then, const ordered_json& now) {
    const ordered_json nothing;
    for (const auto& [key, was] : then.items()) {
      if (!matters(key)) continue;
      compare(place_of(at, key), was, now.contains(key) ? now.at(key) : nothing);
    }
    for (const auto& [key, is] : now.items()) {
      if (matters(key) && !then.contains(key)) compare(place_of(at, key), nothing, is);
    }
  }

  void add(std::string line) {
    if (out_.size() + 1 < max_changes)
      out_.push_back(std::move(line));
    else
      ++more_;
  }

  std::vector<std::string> out_;
  std::size_t more_ = 0;
};

/// Without the places of expectations in their files: a comment above them changes nothing.
void forget_places(ordered_json& run) {
  const auto expect = run.find("expect");
  if (expect == run.end() || !expect->is_array()) return;
  for (auto& e : *expect) {
    for (const char* key : {"line", "column"}) e.erase(key);
  }
}

}  // namespace

Result<std::vector<std::string>> run_changes(const std::string& then, const std::string& now) {
  auto was = ordered_json::parse(then, nullptr, false);
  auto is = ordered_json::parse(now, nullptr, false);
  if (!was.is_object() || !is.is_object())
    return make_error(ErrorKind::bad_input, "run.json is not a JSON object");
  forget_places(was);
  forget_places(is);
  for (const char* key : without) {
    was.erase(key);
    is.erase(key);
  }
  Differences all;
  const ordered_json nothing;
  for (const auto& [key, value] : is.items())
    all.compare(top_name(key), was.contains(key) ? was.at(key) : nothing, value);
  for (const auto& [key, value] : was.items()) {
    if (!is.contains(key)) all.compare(top_name(key), value, nothing);
  }
  return all.take();
}

Result<void> check_store_version(const std::string& text, const fs::path& file) {
  const auto j = ordered_json::parse(text, nullptr, false);
  const int now = store::schema_version();
  const bool known = j.is_object() && j.contains("store") && j.at("store").is_number_integer();
  if (known && j.at("store") == now) return {};
  return make_error(
      ErrorKind::bad_input,
      fmt::format("{}: written for version {} of results.db, this pinrig writes version {}", file.string(),
                  known ? std::to_string(j.at("store").get<int>()) : "(not named)", now),
      "start the run again with --again");
}

}  // namespace pinrig::run
