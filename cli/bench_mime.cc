#include "cli/bench_mime.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>

#include "cli/program.h"
#include "schema/document.h"
#include "transcoders/mime/describe.h"
#include "transcoders/mime/scanner.h"

namespace telepost::cli {
namespace {

constexpr std::size_t kChunkBytes = 64u << 10;

std::size_t document_bytes(std::string_view mail) {
  transcoders::mime::Scanner scanner;
  for (std::size_t at = 0; at < mail.size(); at += kChunkBytes) {
    scanner.feed(mail.substr(at, kChunkBytes));
    (void)scanner.take_stretches();
  }
  schema::Document document;
  transcoders::mime::describe(scanner.finish(), document);
  document.size_bytes = mail.size();
  return schema::write_document(document).size();
}

}  // namespace

MimeSpeed measure_mime(const std::vector<std::string>& mails, double seconds) {
  using Clock = std::chrono::steady_clock;
  MimeSpeed speed;
  std::size_t written = 0;
  const Clock::time_point begin = Clock::now();
  do {
    for (const std::string& mail : mails) {
      written += document_bytes(mail);
      ++speed.messages;
      speed.bytes += mail.size();
    }
    speed.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  } while (speed.seconds < seconds && written > 0);
  return speed;
}

int bench_mime(std::span<const std::string> args) {
  CLI::App app("Reads mail as fast as it can", "telepost bench mime");
  double seconds = 2;
  std::vector<std::string> paths;
  app.add_option("--seconds", seconds, "how long to read");
  app.add_option("files", paths, "mails")->required();
  try {
    app.parse(std::vector<std::string>(args.rbegin(), args.rend()));  // CLI11 takes them from the back
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitUsage;
  }
  std::vector<std::string> mails;
  for (const std::string& path : paths) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
      fmt::print(stderr, "telepost bench mime: cannot read {}\n", path);
      return kExitNoInput;
    }
    mails.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  const MimeSpeed speed = measure_mime(mails, seconds);
  fmt::print("{{\"messages\":{},\"bytes\":{},\"seconds\":{:.6f}}}\n", speed.messages, speed.bytes, speed.seconds);
  return 0;
}

}  // namespace telepost::cli
