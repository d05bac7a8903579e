// telepost dkim: what to publish in the DNS for the keys that sign.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "adapters/smtp/authentication/signing_keys.h"
#include "cli/call.h"

namespace telepost::cli {
namespace {

namespace authentication = adapters::smtp::authentication;
using adapters::admin::to_line;

constexpr std::size_t kMaxString = 255;  // of a TXT record's strings, which are joined again (RFC 1035 section 3.3.14)

// A line of a zone file (RFC 1035 section 5.1).
std::string zone_line(const std::string& name, std::string_view record) {
  std::string line = name + ". IN TXT (";
  for (; !record.empty(); record.remove_prefix(std::min(record.size(), kMaxString))) {
    line.append(" \"").append(record.substr(0, kMaxString)).append("\"");
  }
  return line + " )\n";
}

int show_records(const Program& program, const std::string& domain) {
  const auto loaded = schema::load_configuration(program.source);
  if (!loaded.ok()) return fail_configuration(loaded.error());
  const auto keys = authentication::SigningKeys::load(loaded->configuration.dkim);
  if (!keys.ok()) return fail_configuration(keys.error());
  for (const authentication::SigningKey& key : keys->all()) {
    if (!domain.empty() && key.domain != domain) continue;
    const std::string name = key.selector + "._domainkey." + key.domain;
    const std::string record = authentication::key_record_of(key);
    const Json object = {{"name", name}, {"type", "TXT"}, {"record", record}};
    fmt::print("{}", program.json ? to_line(object) + "\n" : zone_line(name, record));
  }
  return 0;
}

}  // namespace

void add_dkim(CLI::App& app, Program& program) {
  CLI::App* const dkim = app.add_subcommand("dkim", "The keys that sign mail which leaves");
  dkim->require_subcommand(1);
  const auto domain = std::make_shared<std::string>();
  CLI::App* const record = dkim->add_subcommand("record", "Show what to publish in the DNS for each [[dkim]] of the configuration");
  record->add_option("DOMAIN", *domain, "Only this domain's");
  record->callback([&program, domain] {
    program.run = [&program, domain] { return show_records(program, *domain); };
  });
}

}  // namespace telepost::cli
