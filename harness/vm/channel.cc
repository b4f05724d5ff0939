// SPDX-License-Identifier: GPL-2.0
#include "vm/channel.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

namespace pinrig::vm {

Result<Channel> Channel::listen_at(const fs::path& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  const std::string name = path.string();
  if (name.size() >= sizeof address.sun_path)
    return make_error(
        ErrorKind::infra,
        fmt::format("{}: a socket path can have at most {} bytes", name, sizeof address.sun_path - 1),
        "set XDG_RUNTIME_DIR to a shorter directory");
  std::memcpy(address.sun_path, name.c_str(), name.size());
  Channel channel;
  channel.listener_ = UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!channel.listener_) return errno_error("socket", errno);
  if (::bind(channel.listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return errno_error("binding " + name, errno);
  if (::listen(channel.listener_.get(), 1) != 0) return errno_error("listening on " + name, errno);
  return channel;
}

pollfd Channel::interest() const {
  if (closed_) return {-1, 0, 0};
  if (!connection_) return {listener_.get(), POLLIN, 0};
  if (full() && out_.empty()) return {-1, 0, 0};
  const int in = full() ? 0 : POLLIN;
  return {connection_.get(), static_cast<short>(out_.empty() ? in : in | POLLOUT), 0};
}

void Channel::handle(short revents, std::size_t limit) {
  if (revents == 0 || closed_) return;
  if (!connection_) return accept();
  if ((revents & (POLLIN | POLLHUP | POLLERR)) != 0 && !full()) receive(limit);
  if (!closed_ && (revents & POLLOUT) != 0) transmit();
}

void Channel::accept() {
  connection_ = UniqueFd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (connection_) listener_.reset();  // one peer, once
}

void Channel::receive(std::size_t limit) {
  const std::size_t before = in_.size();
  in_.resize(before + limit);
  ssize_t n = 0;
  do {
    n = ::recv(connection_.get(), in_.data() + before, limit, 0);
  } while (n < 0 && errno == EINTR);
  in_.resize(before + static_cast<std::size_t>(n > 0 ? n : 0));
  if (n == 0 || (n < 0 && errno != EAGAIN)) closed_ = true;
}

void Channel::transmit() {
  const auto n = ::send(connection_.get(), out_.data(), out_.size(), MSG_NOSIGNAL);
  if (n > 0) out_.erase(0, static_cast<std::size_t>(n));
  if (n < 0 && errno != EAGAIN && errno != EINTR) closed_ = true;
}

}  // namespace pinrig::vm
