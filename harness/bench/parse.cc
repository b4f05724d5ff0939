// SPDX-License-Identifier: GPL-2.0
// Figure (f): the parsers that read whole logs. parse_bench has the same inputs under Google Benchmark.
#include <fmt/format.h>

#include "base/deadline.h"
#include "bench/bench.h"
#include "bench/parse_inputs.h"
#include "console/console.h"
#include "ktap/ktap.h"

namespace pinrig::bench {
namespace {

constexpr double floor_mb_s = 200;
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

template <typename Parse>
Result<Figure> measure(const std::string& id, const std::string& what, const std::string& text,
                       const Setup& s, Parse parse) {
  std::vector<double> speeds;
  const std::size_t bytes = (total + text.size() - 1) / text.size() * text.size();
  for (int i = 0; i < s.repeat; ++i) {
    const auto start = Clock::now();
    if (parse(text) == 0) return make_error(ErrorKind::infra, id + ": the parser found nothing");
    speeds.push_back(static_cast<double>(bytes) / 1e6 / since(start).count());
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

}  // namespace

Figures parse_figures(const Setup& s) {
  std::vector<Figure> out;
  PINRIG_TRY(cow, measure("parse.ktap_cow", "KTAP, two lines a case, a third skipped; floor: 200 MB/s",
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
  return out;
}

}  // namespace pinrig::bench
