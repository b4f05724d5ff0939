// SPDX-License-Identifier: GPL-2.0
// For compilers without libFuzzer: `TARGET_fuzz FOLDER...` gives each file to the target as it is, and then
// with bytes changed, cut and repeated, in the same way each time (its random numbers begin with a constant).
// No coverage guides it. An input that fails is written to TARGET_fuzz.find in the current folder.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include "base/file.h"
#include "fuzz.h"

namespace pinrig::fuzz {
namespace {

constexpr int changes_of_each = 60;
constexpr std::size_t longest = 64 << 10;

/// What a signal handler needs to save the input.
std::string find_file;
const std::string* current = nullptr;

void save(int signal) {
  const int fd = ::open(find_file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (fd >= 0 && current) static_cast<void>(!::write(fd, current->data(), current->size()));
  constexpr std::string_view said = "1 find: the input is in the file TARGET_fuzz.find\n";
  static_cast<void>(!::write(2, said.data(), said.size()));
  ::signal(signal, SIG_DFL);
  ::raise(signal);
}

void give(const std::string& text) {
  current = &text;
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
}

std::string changed(std::string text, std::mt19937& random) {
  for (unsigned n = 1 + random() % 4; n > 0 && !text.empty(); --n) {
    const std::size_t at = random() % text.size();
    const std::size_t length = 1 + random() % std::min<std::size_t>(64, text.size() - at);
    switch (random() % 5) {
      case 0:
        text[at] = static_cast<char>(random());
        break;
      case 1:
        text.erase(at, length);
        break;
      case 2:
        text.insert(at, text.substr(random() % text.size(), length));
        break;
      case 3:
        text.resize(at);
        break;
      default:
        text[at] = static_cast<char>(text[at] ^ (1 << random() % 8));
    }
  }
  return text;
}

std::vector<fs::path> files_below(int argc, char** argv) {
  std::vector<fs::path> out;
  for (int i = 1; i < argc; ++i) {
    std::error_code ec;
    if (fs::is_regular_file(argv[i], ec)) out.emplace_back(argv[i]);
    for (fs::recursive_directory_iterator it(argv[i], ec), end; !ec && it != end; it.increment(ec))
      if (it->is_regular_file()) out.push_back(it->path());
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace
}  // namespace pinrig::fuzz

int main(int argc, char** argv) {
  using namespace pinrig;
  fuzz::find_file = fs::path(argv[0]).filename().string() + ".find";
  for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE}) ::signal(signal, fuzz::save);
  std::mt19937 random(1);
  const auto files = fuzz::files_below(argc, argv);
  std::size_t executions = 0;
  for (const auto& file : files) {
    auto text = read_file(file);
    if (text.has_error()) {
      std::fprintf(stderr, "%s\n", text.error().message.c_str());
      return 1;
    }
    fuzz::give(*text);
    text->resize(std::min(text->size(), fuzz::longest));
    for (int n = 0; n < fuzz::changes_of_each; ++n) fuzz::give(fuzz::changed(*text, random));
    executions += 1 + fuzz::changes_of_each;
  }
  std::printf("%zu inputs, %zu executions, 0 finds; libFuzzer: harness/fuzz/run\n", files.size(), executions);
  return files.empty() ? 1 : 0;
}
