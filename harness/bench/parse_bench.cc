// SPDX-License-Identifier: GPL-2.0
// Bytes per second of the two parsers that read whole logs. Their floor is 300 MB/s of CPU time each; run it
// alone on the machine: `parse_bench --benchmark_repetitions=3`.
#include <benchmark/benchmark.h>

#include <string>

#include "bench/parse_inputs.h"
#include "console/console.h"
#include "ktap/ktap.h"

namespace pinrig::bench {
namespace {

void count_bytes(benchmark::State& state, const std::string& text, std::size_t times = 1) {
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) *
                          static_cast<std::int64_t>(text.size() * times));
}

/// 64 MiB as sixteen tests of 4 MiB (some 30000 cases each): one output of 64 MiB would meet the limit on
/// cases.
void ktap_cow(benchmark::State& state) {
  const std::string text = cow_stream(4 * mib);
  if (!ktap::parse(text).findings.empty()) state.SkipWithError("the stream has findings");
  for (auto _ : state) {
    for (int i = 0; i < 16; ++i) benchmark::DoNotOptimize(ktap::parse(text).cases.size());
  }
  count_bytes(state, text, 16);
}
BENCHMARK(ktap_cow)->Unit(benchmark::kMillisecond);

void ktap_talkative(benchmark::State& state) {
  const std::string text = talkative_stream(64 * mib);
  if (!ktap::parse(text).findings.empty()) state.SkipWithError("the stream has findings");
  for (auto _ : state) benchmark::DoNotOptimize(ktap::parse(text).cases.size());
  count_bytes(state, text);
}
BENCHMARK(ktap_talkative)->Unit(benchmark::kMillisecond);

/// Argument: MiB of log and lines between two WARNINGs (0: none). Fed in pieces of 64 KiB, as `pinrig run`
/// does.
void console_log(benchmark::State& state) {
  const std::string text =
      kernel_log(static_cast<std::size_t>(state.range(0)) * mib, static_cast<int>(state.range(1)));
  for (auto _ : state) {
    console::Parser parser;
    for (std::size_t at = 0; at < text.size(); at += 65536)
      parser.feed(std::string_view(text).substr(at, 65536));
    benchmark::DoNotOptimize(parser.finish().line_count);
  }
  count_bytes(state, text);
}
BENCHMARK(console_log)
    ->Args({64, 0})
    ->Args({200, 0})
    ->Args({64, 10000})
    ->Args({64, 100})
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace pinrig::bench
