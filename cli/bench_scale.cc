#include "cli/bench_scale.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <functional>
#include <nlohmann/json.hpp>
#include <random>

#include "cli/bench_store.h"


namespace telepost::cli {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t kPage = 50;
constexpr std::size_t kPlaces = 64;  // at which lists are read, in turns

// Median time, mean operations and records of a call, warm: before it is measured every place was read once.
Result<ScaleRow> measure(std::string what, std::string of, std::uint64_t size, std::uint64_t rounds,
                         const std::function<Result<void>()>& call) {
  std::vector<double> micros;
  Counted before{};
  for (std::uint64_t round = 0; round < kPlaces + rounds; ++round) {
    if (round == kPlaces) before = counted();
    const auto begin = Clock::now();
    TELEPOST_TRY(call());
    if (round >= kPlaces) micros.push_back(std::chrono::duration<double, std::micro>(Clock::now() - begin).count());
  }
  const Counted after = counted();
  std::nth_element(micros.begin(), micros.begin() + static_cast<std::ptrdiff_t>(micros.size() / 2), micros.end());
  const auto calls = static_cast<double>(rounds);
  return ScaleRow{std::move(what), std::move(of), size, static_cast<double>(after.operations - before.operations) / calls,
                  static_cast<double>(after.records - before.records) / calls, micros[micros.size() / 2], 0};
}

Result<void> check_page(const Result<store::ListPage>& page) {
  TELEPOST_TRY(page);
  if (page->messages.size() != kPage) return {Errc::corrupt, fmt::format("a page of {} instead of 50", page->messages.size())};
  return {};
}

// The lists of an account of `size` messages, at random places.
Result<void> measure_lists(BenchStore& scale, const store::Recipient& to, std::string of, std::uint64_t size, std::uint64_t held,
                           std::uint64_t rounds, std::vector<ScaleRow>& rows) {
  std::mt19937_64 random(size);
  std::uint64_t turn = 0;
  store::MessageReader& reader = scale->reader();
  std::vector<std::uint64_t> places;
  std::vector<Time> times;
  for (std::size_t i = 0; i < kPlaces; ++i) {
    places.push_back(random() % (held - kPage));
    TELEPOST_ASSIGN(const auto page, reader.list_by_position(to.account, store::kInbox, places.back(), 1));
    times.push_back(page.messages.at(0).summary.received);
  }
  // At the very end of the order fewer than a page would follow.
  TELEPOST_ASSIGN(const auto oldest, reader.list_by_position(to.account, store::kInbox, held - kPage, 1));
  for (Time& time : times) time = std::max(time, oldest.messages.at(0).summary.received);
  const auto add = [&](std::string what, const std::function<Result<void>()>& call) -> Result<void> {
    TELEPOST_TRY(scale.open());
    const auto begin = Clock::now();
    TELEPOST_TRY(call());
    const double cold = std::chrono::duration<double, std::micro>(Clock::now() - begin).count();
    TELEPOST_ASSIGN(ScaleRow row, measure(std::move(what), of, size, rounds, call));
    row.cold_micros = cold;
    rows.push_back(std::move(row));
    return {};
  };
  const auto uid_page = [&](std::uint64_t first) {
    return check_page(scale->reader().list_by_uid(to.account, store::kInbox, schema::Uid{static_cast<std::uint32_t>(first + 1)}, schema::Uid{~0u}, kPage));
  };
  TELEPOST_TRY(add("list by uid, any", [&] { return uid_page(places[turn++ % kPlaces]); }));
  TELEPOST_TRY(add("list by date, any", [&] {
    return check_page(scale->reader().list_by_received(to.account, store::kInbox, times[turn++ % kPlaces], std::nullopt, kPage));
  }));
  const auto position_page = [&](std::uint64_t position) {
    return check_page(scale->reader().list_by_position(to.account, store::kInbox, position, kPage));
  };
  TELEPOST_TRY(add("list by position, first", [&] { return position_page(0); }));
  TELEPOST_TRY(add("list by position, any", [&] { return position_page(places[turn++ % kPlaces]); }));
  TELEPOST_TRY(add("list by position, last", [&] { return position_page(held - kPage); }));
  return {};
}

Result<void> measure_delivery(BenchStore& scale, const store::Recipient& to, std::string of, std::uint64_t size,
                              std::uint64_t rounds, std::vector<ScaleRow>& rows) {
  TELEPOST_ASSIGN(ScaleRow row, measure("delivery", std::move(of), size, rounds, [&]() -> Result<void> {
    const auto delivered = store::wait_for<store::Delivered>([&](auto done) { scale.deliver(to, std::move(done)); });
    TELEPOST_TRY(delivered);
    return {};
  }));
  rows.push_back(std::move(row));
  return {};
}

Result<store::Recipient> recipient(BenchStore& scale, const std::string& address) {
  return store::wait_for<store::Recipient>([&](auto done) { scale->deliver().resolve(address, {"bench"}, std::move(done)); });
}

}  // namespace

Result<std::vector<ScaleRow>> run_bench_scale(const ScaleOptions& options) {
  std::string folder = options.folder + "/telepost-scale-XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) return {Errc::io, "cannot make a folder in " + options.folder};
  BenchStore scale(folder);
  TELEPOST_TRY(scale.open());
  std::vector<ScaleRow> rows;
  std::uint64_t held = 0;
  for (const std::uint64_t size : options.messages) {
    fmt::print(stderr, "filling one account to {} messages\n", size);
    TELEPOST_ASSIGN(const auto to, recipient(scale, "mailto:one@example.test"));
    TELEPOST_TRY(scale.fill(to, size - held));
    held = size;
    TELEPOST_TRY(measure_lists(scale, to, "messages", size, held, options.lists, rows));
    TELEPOST_TRY(measure_delivery(scale, to, "messages", size, options.rounds, rows));
    held += kPlaces + options.rounds;
  }
  std::uint64_t made = 0;
  for (const std::uint64_t size : options.accounts) {
    fmt::print(stderr, "making accounts up to {}\n", size);
    TELEPOST_TRY(scale.make_accounts(made, size));
    made = size;
    TELEPOST_ASSIGN(const auto to, recipient(scale, fmt::format("mailto:reader{}@example.test", size)));
    TELEPOST_TRY(scale.fill(to, 1000));
    TELEPOST_TRY(measure_lists(scale, to, "accounts", size, 1000, options.lists, rows));
    TELEPOST_TRY(measure_delivery(scale, to, "accounts", size, options.rounds, rows));
  }
  return rows;
}

int bench_scale(std::span<const std::string> args) {
  CLI::App app("Measures deliveries and lists as an account and the number of accounts grow", "telepost bench scale");
  ScaleOptions options{"/tmp", {1'000, 10'000, 100'000, 1'000'000}, {1'000, 1'000'000}};
  app.add_option("--folder", options.folder, "where the store is made and removed");
  app.add_option("--messages", options.messages, "sizes of one account, ascending");
  app.add_option("--accounts", options.accounts, "numbers of accounts, ascending");
  app.add_option("--rounds", options.rounds, "measured deliveries per row");
  app.add_option("--lists", options.lists, "measured lists per row");
  try {
    app.parse(std::vector<std::string>(args.rbegin(), args.rend()));
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 64;
  }
  const auto rows = run_bench_scale(options);
  if (!rows.ok()) {
    fmt::print(stderr, "telepost bench scale: {}\n", to_string(rows.error()));
    return 1;
  }
  for (const ScaleRow& row : *rows) {
    const nlohmann::ordered_json line = {{"what", row.what}, {"of", row.of}, {"size", row.size}, {"operations", row.operations},
                                         {"records", row.records}, {"micros", row.micros}, {"cold_micros", row.cold_micros}};
    fmt::print("{}\n", line.dump());
  }
  return 0;
}

}  // namespace telepost::cli
