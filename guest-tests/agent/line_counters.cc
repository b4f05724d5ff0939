// SPDX-License-Identifier: GPL-2.0
#include "line_counters.h"

#include <filesystem>

#include "request.h"
#include "sys.h"
#include "wire/line_counters.h"

namespace pinrig::agent {
namespace {

constexpr const char* gcov_folder = "/sys/kernel/debug/gcov";

}  // namespace

void reset_line_counters() { write_file(std::string(gcov_folder) + "/reset", "0"); }

void send_line_counters(Ports& ports, std::uint32_t id) {
  std::error_code error;
  // The links to the objects' notes are not followed: their targets are on the machine that built them.
  for (std::filesystem::recursive_directory_iterator it(gcov_folder, error), end; !error && it != end;
       it.increment(error)) {
    if (it->path().extension() != ".gcda" || it->is_symlink(error)) continue;
    wire::LineCounters message;
    message.id = id;
    message.object = it->path().lexically_relative(gcov_folder).string();
    message.data = wire::pack(read_file(it->path().string()));
    std::string text = dump(message);
    if (text.size() > wire::max_payload) {
      // A longer frame would end all that the host reads; it names objects whose counters are empty.
      message.data.clear();
      text = dump(message);
    }
    ports.result(wire::Kind::json, id, text);
  }
}

}  // namespace pinrig::agent
