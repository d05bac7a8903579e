#include "schema/configuration.h"

#include <arpa/inet.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "schema/configuration_keys.h"
#include "schema/setting.h"

namespace telepost::schema {
namespace {

enum class Family : unsigned char { none, v4, v6 };

Family family_of(const std::string& address) {
  std::array<unsigned char, 16> bytes{};
  if (inet_pton(AF_INET, address.c_str(), bytes.data()) == 1) return Family::v4;
  return inet_pton(AF_INET6, address.c_str(), bytes.data()) == 1 ? Family::v6 : Family::none;
}

Result<std::string> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return {errno == ENOENT ? Errc::not_found : Errc::io, path + ": " + std::strerror(errno)};
  std::string text(kMaxSettingsBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad() || (in.fail() && !in.eof())) return {Errc::io, path + ": cannot be read; is it a file?"};
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

}  // namespace

Configuration::Configuration() {
  smtp.listen = {{"127.0.0.1", 2525, {}}};
  lmtp.listen = {{"127.0.0.1", 2424, {}}};
  lmtp.max_recipients = 2000;
  admin.listen = {{"127.0.0.1", 8025, {}}};
}

bool Endpoint::is_loopback() const {
  return address == "::1" || (family_of(address) == Family::v4 && address.starts_with("127."));
}

std::string to_string(const Endpoint& endpoint) {
  if (endpoint.is_unix()) return "unix:" + endpoint.path;
  const bool v6 = endpoint.address.find(':') != std::string::npos;
  return (v6 ? "[" + endpoint.address + "]" : endpoint.address) + ":" + std::to_string(endpoint.port);
}

Result<Endpoint> endpoint_from(std::string_view text) {
  const auto wrong = [&](const std::string& why) {
    return Error{Errc::invalid, "'" + std::string(text.substr(0, 120)) + "' " + why};
  };
  if (text.find('\0') != std::string_view::npos) return wrong("has a zero byte");
  if (text.starts_with("unix:")) {
    Endpoint endpoint{{}, 0, std::string(text.substr(5))};
    if (!endpoint.path.starts_with('/')) return wrong("wants an absolute path: unix:/run/telepost/lmtp.sock");
    if (endpoint.path.size() >= sizeof(sockaddr_un::sun_path))
      return wrong("is a path too long for a Unix socket");
    return endpoint;
  }
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos)
    return wrong("lacks a port; write 127.0.0.1:2525 (port 0 takes a free one)");
  std::string address(text.substr(0, colon));
  const bool bracketed = address.size() > 2 && address.front() == '[' && address.back() == ']';
  if (bracketed) address = address.substr(1, address.size() - 2);
  const Family family = family_of(address);
  if (family == Family::v6 && !bracketed) return wrong("wants brackets: [" + address + "]:25");
  if (family == Family::none || (family == Family::v4 && bracketed))
    return wrong("has no IP address; write 127.0.0.1:2525 or [::1]:2525");
  const std::string_view digits = text.substr(colon + 1);
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc() || end != digits.data() + digits.size())
    return wrong("has no port from 0 to 65535");
  return Endpoint{std::move(address), port, {}};
}

std::uint64_t Reserve::bytes_of(std::uint64_t disk_size_bytes) const {
  const double share = static_cast<double>(disk_size_bytes) * percent / 100;
  return std::max(at_least_bytes, static_cast<std::uint64_t>(share));
}

Result<Configuration> parse_configuration(std::string_view toml, std::string_view name,
                                          const std::vector<std::string>& overrides) {
  TELEPOST_ASSIGN(Setting root, parse_settings(toml, name));
  for (const std::string& assignment : overrides) TELEPOST_TRY(override_setting(root, assignment));
  Configuration configuration;
  TELEPOST_TRY(apply_settings(root, configuration));
  return configuration;
}

Result<LoadedConfiguration> load_configuration(const ConfigurationSource& source) {
  LoadedConfiguration loaded;
  std::string text;
  std::optional<std::string> named = source.file;
  if (!named) {
    const auto variable = [](const char* name) -> std::optional<std::string> {
      const char* value = std::getenv(name);
      return value == nullptr ? std::nullopt : std::optional<std::string>(value);
    };
    named = source.environment ? source.environment("TELEPOST_CONFIG") : variable("TELEPOST_CONFIG");
    if (named && named->empty()) named.reset();
  }
  auto read = read_file(named.value_or(source.system_file));
  if (read.ok()) {
    loaded.file = named.value_or(source.system_file);
    text = std::move(read).value();
  } else if (named || read.error().kind != Errc::not_found) {
    return std::move(read).error();
  }
  TELEPOST_ASSIGN(
      loaded.configuration,
      parse_configuration(text, loaded.file.empty() ? "defaults" : loaded.file, source.overrides));
  return loaded;
}

}  // namespace telepost::schema
