#include "cli/call.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>
#include <utility>

#include <CLI/CLI.hpp>

#include "cli/open_store.h"

namespace telepost::cli {
namespace {

using adapters::admin::Exchange;
using adapters::admin::to_line;

Result<void> print(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size()) return {};
  return {errno == EPIPE ? Errc::cancelled : Errc::io, std::string("stdout: ") + std::strerror(errno)};
}

Result<void> flush_stdout() {
  if (std::fflush(stdout) == 0) return {};
  return {errno == EPIPE ? Errc::cancelled : Errc::io, std::string("stdout: ") + std::strerror(errno)};
}

// Shows the answer on stdout.
class Terminal final : public Exchange {
 public:
  Terminal(const Call& call, bool json) : call_(call), json_(json), table_(call.columns) {}

  Result<void> object(const Json& object) override {
    if (json_) return print(to_line(object) + "\n");
    if (call_.sentence) return print(call_.sentence(object));
    if (call_.is_row && !call_.is_row(object)) return {};
    if (!call_.columns.empty()) return print(table_.add(object));
    const std::string gap = first_ ? "" : "\n";
    first_ = false;
    return print(gap + to_record(object));
  }
  Result<void> bytes(std::string_view bytes) override {
    return call_.sink ? call_.sink(bytes) : print(bytes);
  }
  Result<void> notice(std::string_view text) override {
    std::fprintf(stderr, "telepost: %s\n", printable(std::string(text)).c_str());
    return {};
  }
  Result<std::string> content() override { return call_.content ? call_.content() : std::string(); }

  Result<void> finish() {
    if (!json_ && !call_.sentence) TELEPOST_TRY(print(table_.finish()));
    return flush_stdout();
  }

 private:
  const Call& call_;
  const bool json_;
  Table table_;
  bool first_ = true;
};

}  // namespace

int fail(const Error& error) {
  std::fprintf(stderr, "telepost: %s (%s)\n", printable(error.detail).c_str(),
               std::string(name_of(error.kind)).c_str());
  return adapters::admin::exit_code_of(error.kind);
}

int fail_configuration(const Error& error) {
  return fail({error.kind == Errc::not_found ? Errc::invalid : error.kind, error.detail});
}

void put(Json& args, const char* name, const std::string& value) {
  if (!value.empty()) args[name] = value;
}

void runs(CLI::App& command, Program& program, std::function<Call()> call) {
  command.callback([&program, call = std::move(call)] {
    program.run = [&program, call] { return perform(program, call()); };
  });
}

int perform(const Program& program, const Call& call) {
  const auto loaded = schema::load_configuration(program.source);
  if (!loaded.ok()) return fail_configuration(loaded.error());
  log::set_level(log::Level::warning);  // people read answers here, not events
  Terminal terminal(call, program.json);
  const auto outcome = reach_store(loaded->configuration, call.request, terminal);
  const auto printed = terminal.finish();  // also what came before a failure
  if (!outcome.ok()) return fail(outcome.error());
  return printed.ok() ? 0 : fail(printed.error());
}

}  // namespace telepost::cli
