// SPDX-License-Identifier: GPL-2.0
#include "vm/qmp.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace pinrig::vm {
namespace {

/// The greeting is the longest line by far, some 100 bytes.
constexpr std::size_t max_line = 64 << 10;

using Json = nlohmann::json;

std::string text_of(const Json& object, const char* key) {
  const auto at = object.find(key);
  return at != object.end() && at->is_string() ? at->get<std::string>() : std::string();
}

}  // namespace

void Qmp::feed(std::string_view bytes) {
  in_ += bytes;
  std::size_t start = 0;
  for (std::size_t end; (end = in_.find('\n', start)) != std::string::npos; start = end + 1)
    line(std::string_view(in_).substr(start, end - start));
  in_.erase(0, start);
  if (in_.size() > max_line) {
    problem_ = "a QMP line of more than 64 KiB";
    in_.clear();
  }
}

std::string Qmp::take_output() { return std::exchange(out_, {}); }

void Qmp::send(const char* command, const char* id) {
  out_ += Json{{"execute", command}, {"id", id}}.dump() + "\n";
}

void Qmp::send_quit() { send("quit", "quit"); }

void Qmp::line(std::string_view text) {
  const Json message = Json::parse(text, nullptr, false);
  if (!message.is_object()) {
    if (!message.is_discarded() || text.find_first_not_of(" \r\t") != std::string_view::npos)
      problem_ = fmt::format("not a QMP message: {}", text.substr(0, 80));
    return;
  }
  if (message.contains("QMP")) return send("qmp_capabilities", "capabilities");
  const std::string event = text_of(message, "event");
  if (event.empty()) return reply(message);
  if (event == "STOP") stopped_ = true;
  if (event == "RESUME") stopped_ = false;
  if (event == "SHUTDOWN" && message.contains("data") && message["data"].is_object())
    shutdown_reason_ = text_of(message["data"], "reason");
}

void Qmp::reply(const Json& message) {
  const std::string id = text_of(message, "id");
  if (const auto error = message.find("error"); error != message.end()) {
    problem_ = fmt::format("QMP {}: {}", id, error->is_object() ? text_of(*error, "desc") : error->dump());
    return;
  }
  if (id == "capabilities") return send("query-kvm", "kvm");
  if (id != "kvm") return;
  const auto result = message.find("return");
  if (result == message.end() || !result->is_object()) {
    problem_ = "QMP query-kvm: no answer in the reply";
    return;
  }
  const auto enabled = result->find("enabled");
  kvm_ = enabled != result->end() && enabled->is_boolean() && enabled->get<bool>();
}

}  // namespace pinrig::vm
