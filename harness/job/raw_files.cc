// SPDX-License-Identifier: GPL-2.0
#include "job/raw_files.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "job/cut.h"
#include "verdict/results.h"

namespace pinrig::job {

namespace {

// Gives a file to `parser` in pieces. No file at all: QEMU ended before it made one; that is an empty one,
// not an error of ours.
template <typename Parser>
Result<void> feed_file(const fs::path& file, Parser& parser) {
  UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd && errno == ENOENT) return {};
  if (!fd) return errno_error("opening " + file.string(), errno);
  std::string buffer(std::size_t{1} << 20, '\0');
  for (;;) {
    const auto n = ::read(fd.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      const int why = errno;
      Error e = errno_error("reading " + file.string(), why);
      if (why == EISDIR) e.kind = ErrorKind::bad_input;  // open(2) takes directories, read(2) does not
      return e;
    }
    if (n == 0) return {};
    parser.feed({buffer.data(), static_cast<std::size_t>(n)});
  }
}

// `sent`: null when it is not known; then what was planned counts.
Result<void> add_results(const vm::GuestFiles& files, const console::Log& log,
                         const std::vector<verdict::SentTest>* sent, GuestJobResult& result) {
  verdict::ResultsReader reader(sent);
  PINRIG_CHECK(feed_file(files.results(), reader));
  auto read = reader.finish();
  for (auto& r : read.records) {
    // A name of the guest's own making would become the path of a file here. A reader that knows what was
    // sent has checked already.
    const auto& planned = result.facts.planned;
    if (sent == nullptr &&
        std::none_of(planned.begin(), planned.end(), [&](const auto& t) { return t.name == r.name; })) {
      result.problems.push_back(
          fmt::format("results of \"{}\", which was not requested", r.name.substr(0, 80)));
      continue;
    }
    r.guest = std::max(result.guests, 1);
    // A guest that is given up has no time to print the rest.
    r.logged = log.begun.contains(r.name) && (log.ended.contains(r.name) || r.stuck_count > 0);
    if (const auto counted = read.line_counters.find(r.name); counted != read.line_counters.end())
      result.line_counters[r.name] = std::move(counted->second);
    result.facts.records.push_back(std::move(r));
  }
  for (auto& p : read.problems) result.problems.push_back(std::move(p));
  for (const auto& e : log.events) result.facts.events.push_back(e);
  if (read.hello) result.facts.counters = read.hello->counters;
  // Each guest proves its own ledger; one that failed is not outvoted by another that did not, before or
  // after it.
  const auto failed = [&](const wire::HoldResult& h) {
    return !h.problem.empty() || !h.available || h.outstanding_held != result.facts.control_pages ||
           h.outstanding_released != 0;
  };
  if (read.hold && (!result.facts.control_ran || !failed(result.facts.control))) {
    result.facts.control_ran = true;
    result.facts.control = *read.hold;
  }
  return {};
}

}  // namespace

Result<console::Log> read_console(const fs::path& file) {
  console::Parser parser;
  PINRIG_CHECK(feed_file(file, parser));
  return parser.finish();
}

Result<ktap::Tree> read_ktap(const fs::path& file) {
  if (!fs::exists(file)) return read_file(file).error();
  ktap::Reader reader;
  PINRIG_CHECK(feed_file(file, reader));
  return reader.finish();
}

Result<void> add_guest_results(const vm::GuestFiles& files, const console::Log& log,
                               const std::vector<verdict::SentTest>& sent, GuestJobResult& result) {
  return add_results(files, log, &sent, result);
}

Result<std::string> output_so_far(const vm::GuestFiles& files, const std::vector<verdict::SentTest>& sent,
                                  const std::string& test) {
  verdict::ResultsReader reader(&sent);
  PINRIG_CHECK(feed_file(files.results(), reader));
  auto read = reader.finish();
  for (auto& r : read.records) {
    if (r.name == test) return std::move(r.output);
  }
  return std::string();
}

Result<GuestJobResult> read_leftovers(const model::JobSpec& job, const fs::path& dir) {
  GuestJobResult out;
  out.facts.planned = job.tests;
  out.facts.control_pages = wire::hold_pages;
  out.facts.outcome = {model::JobOutcome::Kind::cancelled, model::Phase::none,
                       "pinrig was killed while the guest ran"};
  for (int n = 1; n <= max_guests; ++n) {
    const vm::GuestFiles files{n == 1 ? dir : dir / fmt::format("guest-{}", n)};
    std::error_code ec;
    if (!fs::exists(files.results(), ec) && !fs::exists(files.console(), ec)) break;
    ++out.guests;
    PINRIG_TRY(log, read_console(files.console()));
    PINRIG_CHECK(add_results(files, log, nullptr, out));
    PINRIG_CHECK(cut_files(files));
    out.attempts.push_back({n, out.facts.outcome, 0, 0, files.dir.string()});
  }
  return out;
}

}  // namespace pinrig::job
