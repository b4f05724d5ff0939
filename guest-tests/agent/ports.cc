// SPDX-License-Identifier: GPL-2.0
#include "ports.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>

#include <cerrno>
#include <utility>

#include "request.h"
#include "sys.h"

namespace pinrig::agent {
namespace {

// "/dev/vport0p1" of the port with that name; empty when there is none (yet).
std::string find_port(std::string_view name) {
  const std::string folder = "/sys/class/virtio-ports/";
  std::string found;
  DIR* dir = opendir(folder.c_str());
  if (!dir) return found;
  while (const dirent* entry = readdir(dir)) {
    if (entry->d_name[0] == '.') continue;
    if (read_attribute(folder + entry->d_name + "/name") == name)
      found = std::string("/dev/") + entry->d_name;
  }
  closedir(dir);
  return found;
}

UniqueFd open_port(Uevents& uevents, std::string_view name, double limit_ms) {
  UniqueFd fd;
  uevents.wait_until(
      [&] {
        const std::string path = find_port(name);
        if (!path.empty()) fd.reset(::open(path.c_str(), O_RDWR | O_CLOEXEC));
        return static_cast<bool>(fd);
      },
      limit_ms);
  return fd;
}

}  // namespace

Ports::Ports(UniqueFd control, UniqueFd results)
    : control_(std::move(control)), results_(std::move(results)) {}

std::optional<Ports> Ports::open(Uevents& uevents, double uptime_s) {
  // There is no host yet to say how slow this guest is; its own boot does.
  const double limit_ms = 10000 + 10 * uptime_s * 1000;
  UniqueFd control = open_port(uevents, wire::control_port, limit_ms);
  UniqueFd results = open_port(uevents, wire::results_port, limit_ms);
  if (!control || !results) return std::nullopt;
  return Ports(std::move(control), std::move(results));
}

bool Ports::host_connected() const {
  pollfd p{control_.get(), POLLOUT, 0};
  return poll(&p, 1, 0) >= 0 && (p.revents & POLLHUP) == 0;
}

bool Ports::reply(const std::string& json) {
  const std::string frame = wire::encode(wire::Kind::json, 0, json);
  if (!write_all(results_.get(), frame)) return false;
  // A write waits for a host to be there (will_write_block): right for the first message, forever after the
  // host has gone.
  if (std::exchange(greeted_, true) && !host_connected()) return false;
  return write_all(control_.get(), frame);
}

bool Ports::result(wire::Kind kind, std::uint32_t test_id, std::string_view payload) {
  return raw_result(wire::encode(kind, test_id, payload));
}

bool Ports::raw_result(std::string_view frame) { return write_all(results_.get(), frame); }

bool Ports::receive() {
  char buffer[65536];
  const ssize_t n = read(control_.get(), buffer, sizeof buffer);
  if (n < 0) return errno == EINTR || errno == EAGAIN;
  // 0 is how the driver says that the host has closed its end (port_fops_read).
  if (n == 0) return false;
  inbox_.append(buffer, static_cast<std::size_t>(n));
  return true;
}

std::optional<std::string> Ports::next_request() {
  wire::Decoder decoder(inbox_);
  std::optional<std::string> out;
  if (const auto frame = decoder.next()) out = frame->payload;
  corrupt_ = decoder.corrupt();
  inbox_.erase(0, inbox_.size() - decoder.rest().size());
  return out;
}

std::optional<wire::HostActionDone> Ports::next_answer() {
  wire::Decoder decoder(inbox_);
  const auto frame = decoder.next();
  if (!frame) return std::nullopt;
  const Request request = parse_request(frame->payload);
  const auto* done = std::get_if<wire::HostActionDone>(&request);
  if (!done) return std::nullopt;
  inbox_.erase(0, inbox_.size() - decoder.rest().size());
  return *done;
}

bool Ports::wants_end() const {
  wire::Decoder decoder(inbox_);
  while (const auto frame = decoder.next()) {
    if (std::holds_alternative<wire::PowerOff>(parse_request(frame->payload))) return true;
  }
  return corrupt_ || decoder.corrupt();
}

}  // namespace pinrig::agent
