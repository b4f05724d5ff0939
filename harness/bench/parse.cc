// SPDX-License-Identifier: GPL-2.0
// Figure (f): the parsers that read whole logs. parse_bench has the same inputs under Google Benchmark.
#include <fmt/format.h>
#include <time.h>

#include "base/file.h"
#include "bench/bench.h"
#include "bench/parse_inputs.h"
#include "console/console.h"
#include "ktap/ktap.h"

namespace pinrig::bench {
namespace {

constexpr double floor_mb_s = 300;
constexpr std::size_t total = 64 * mib;

// Sixteen tests of 4 MiB: one output of 64 MiB would meet the limit on cases.
std::size_t parse_ktap(const std::string& text) {
  std::size_t cases = 0;
  for (std::size_t done = 0; done < total; done += text.size()) cases += ktap::parse(text).cases.size();
  return cases;
}

std::size_t parse_console(const std::string& text) {
  console::Parser parser;
  for (std::size_t at = 0; at < text.size(); at += 65536)
    parser.feed(std::string_view(text).substr(at, 65536));
  return static_cast<std::size_t>(parser.finish().line_count);
}

/// CPU time of this process, in seconds: other programs on the machine do not make a parser slower.
double cpu_now() {
  timespec t = {};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

template <typename Parse>
Result<Figure> measure(const std::string& id, const std::string& what, const std::string& text,
                       const Setup& s, Parse parse) {
  std::vector<double> speeds;
  const std::size_t bytes = (total + text.size() - 1) / text.size() * text.size();
  for (int i = 0; i < s.repeat; ++i) {
    const double start = cpu_now();
    if (parse(text) == 0) return make_error(ErrorKind::infra, id + ": the parser found nothing");
    speeds.push_back(static_cast<double>(bytes) / 1e6 / (cpu_now() - start));
  }
  return Figure{.id = id,
                .what = what,
                .unit = "MB/s",
                .value = median(speeds),
                .floor = floor_mb_s,
                .bound = 1,
                .at_least = true,
                .times = s.repeat};
}

/// Peak memory of `pinrig parse KIND --json` for a file of 200 MiB.
Result<Figure> memory_of(const std::string& kind, const std::string& text, const Setup& s) {
  const fs::path file = s.dir / ("parse-" + kind);
  PINRIG_CHECK(write_file_atomic(file, text));
  PINRIG_TRY(run, run_pinrig(s, {"parse", kind, "--json", file.string()}, {0, 1}));
  std::error_code ec;
  fs::remove(file, ec);
  return Figure{.id = "rss.parse_" + kind,
                .what = fmt::format("peak memory of `pinrig parse {} --json`, 200 MiB; floor: 64 MiB", kind),
                .unit = "MiB",
                .value = run.peak_rss / mib,
                .floor = 64,
                .bound = 1,
                .times = 1};
}

}  // namespace

Figures parse_figures(const Setup& s) {
  std::vector<Figure> out;
  PINRIG_TRY(cow,
             measure("parse.ktap_cow", "KTAP, two lines a case, a third skipped; floor: 300 MB/s of CPU time",
                     cow_stream(4 * mib), s, parse_ktap));
  out.push_back(cow);
  PINRIG_TRY(talk, measure("parse.ktap_talk", "KTAP, one result in a hundred lines", talkative_stream(total),
                           s, parse_ktap));
  out.push_back(talk);
  PINRIG_TRY(calm,
             measure("parse.console", "kernel log without trouble", kernel_log(total, 0), s, parse_console));
  out.push_back(calm);
  PINRIG_TRY(bad, measure("parse.console_warn", "kernel log, a WARNING every 100 lines",
                          kernel_log(total, 100), s, parse_console));
  out.push_back(bad);
  PINRIG_TRY(cases, memory_of("ktap", cow_stream(200 * mib), s));
  out.push_back(cases);
  PINRIG_TRY(log, memory_of("console", kernel_log(200 * mib, 1000), s));
  out.push_back(log);
  return out;
}

}  // namespace pinrig::bench
