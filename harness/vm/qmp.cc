// SPDX-License-Identifier: GPL-2.0
#include "vm/qmp.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

namespace pinrig::vm {
namespace {

/// The greeting is the longest line by far, some 100 bytes.
constexpr std::size_t max_line = 64 << 10;
/// Before the device in the ids of our device_del commands.
const std::string removal_mark = "remove:";
/// Of the command that has dead guests held.
const std::string actions_id = "actions";
/// Of send_command().
const std::string command_id = "command";

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
    problem_ = "QMP line longer than 64 KiB";
    in_.clear();
  }
}

std::string Qmp::take_output() { return std::exchange(out_, {}); }

void Qmp::send(const char* command, const char* id) {
  out_ += Json{{"execute", command}, {"id", id}}.dump() + "\n";
}

void Qmp::send_quit() { send("quit", "quit"); }

void Qmp::send_device_del(const std::string& id) {
  removals_.erase(id);
  out_ +=
      Json{{"execute", "device_del"}, {"arguments", {{"id", id}}}, {"id", removal_mark + id}}.dump() + "\n";
}

void Qmp::send_command(const std::string& command, const std::string& arguments) {
  answer_.reset();
  Json message{{"execute", command}, {"id", command_id}};
  if (!arguments.empty()) message["arguments"] = Json::parse(arguments);
  out_ += message.dump() + "\n";
}

std::optional<std::string> Qmp::removal(const std::string& id) const {
  const auto it = removals_.find(id);
  return it == removals_.end() ? std::nullopt : std::optional(it->second);
}

void Qmp::line(std::string_view text) {
  const Json message = Json::parse(text, nullptr, false);
  if (!message.is_object()) {
    if (!message.is_discarded() || text.find_first_not_of(" \r\t") != std::string_view::npos)
      problem_ = fmt::format("not a QMP message: {}", text.substr(0, 80));
    return;
  }
  if (message.contains("QMP")) return send("qmp_capabilities", "capabilities");
  const std::string name = text_of(message, "event");
  if (name.empty()) return reply(message);
  const auto data = message.find("data");
  event(name, data != message.end() && data->is_object() ? *data : Json::object());
}

void Qmp::event(const std::string& name, const Json& data) {
  if (name == "STOP") stopped_ = true;
  if (name == "RESUME") stopped_ = false;
  if (name == "GUEST_PANICKED") panicked_ = true;
  if (name == "SHUTDOWN") shutdown_reason_ = text_of(data, "reason");
  // What has no id of its own (the namespaces of a controller) leaves with what has one.
  const std::string device = text_of(data, "device");
  if (name == "DEVICE_DELETED" && !device.empty()) removals_[device] = "";
  if (name == "DEVICE_UNPLUG_GUEST_ERROR" && !device.empty())
    removals_.try_emplace(device, "the guest refuses to release it");
}

void Qmp::answered(const Json& message) {
  answer_.emplace();
  if (const auto error = message.find("error"); error != message.end()) {
    answer_->problem = error->is_object() ? text_of(*error, "desc") : error->dump();
    if (answer_->problem.empty()) answer_->problem = "it refuses";
    return;
  }
  const auto result = message.find("return");
  if (result == message.end()) return;
  answer_->text = result->is_string() ? result->get<std::string>()
                                      : result->dump(-1, ' ', false, Json::error_handler_t::replace);
}

void Qmp::reply(const Json& message) {
  const std::string id = text_of(message, "id");
  if (id == command_id) return answered(message);
  if (id == actions_id) return;  // a QEMU that cannot do that ends with its guest
  if (const auto error = message.find("error"); error != message.end()) {
    const std::string why = error->is_object() ? text_of(*error, "desc") : error->dump();
    if (id.starts_with(removal_mark))
      removals_[id.substr(removal_mark.size())] = "QEMU: " + why;
    else
      problem_ = fmt::format("QMP {}: {}", id, why);
    return;
  }
  if (id == "capabilities") {
    out_ += Json{{"execute", "set-action"},
                 {"arguments", {{"shutdown", "pause"}, {"panic", "pause"}}},
                 {"id", actions_id}}
                .dump() +
            "\n";
    return send("query-kvm", "kvm");
  }
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
