#include "adapters/smtp/sender/route.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/bytes.h"
#include "base/mix.h"

namespace telepost::adapters::smtp::sender {
namespace {

bool is_address(const std::string& text) {
  std::array<unsigned char, 16> bytes{};
  return inet_pton(AF_INET, text.c_str(), bytes.data()) == 1 || inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1;
}

bool is_name(std::string_view text) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || (c & 0x80) != 0;
  };
  return !text.empty() && text.size() <= 253 && std::all_of(text.begin(), text.end(), letter) && text.front() != '.' &&
         text.find("..") == std::string_view::npos;
}

std::string without_last_dot(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  return to_lower(name);
}

// "example.test" is itself; ".example.test" is all below it.
bool covers(std::string_view rule, std::string_view domain) {
  return rule.starts_with('.') ? domain.size() > rule.size() && domain.ends_with(rule) : domain == rule;
}

const schema::RelayRoute* relay_of(const schema::RelaySettings& settings, std::string_view domain) {
  const schema::RelayRoute* best = nullptr;
  for (const schema::RelayRoute& route : settings.routes) {
    if (covers(route.domain, domain) && (best == nullptr || route.domain.size() > best->domain.size())) best = &route;
  }
  if (best == nullptr && !settings.smart_host.host.empty()) best = &settings.smart_host;
  return best;
}

}  // namespace

Result<Host> host_from(std::string_view text) {
  const Error wrong{Errc::invalid, "'" + std::string(text.substr(0, 120)) + "' names no server; write smtp.example.net:587"};
  std::string_view name = text, port;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return wrong;
    name = text.substr(1, end - 1);
    port = text.substr(end + 1);
    if (starts_with_ignoring_case(name, "IPv6:")) name.remove_prefix(5);
    if (!is_address(std::string(name))) return wrong;
  } else if (const std::size_t colon = text.find(':'); colon != std::string_view::npos) {
    name = text.substr(0, colon);
    port = text.substr(colon);
  }
  Host host;
  if (!port.empty()) {
    const char* const end = port.data() + port.size();
    const auto [last, error] = std::from_chars(port.data() + 1, end, host.port);
    if (port.front() != ':' || error != std::errc() || last != end || host.port == 0) return wrong;
  }
  if (is_address(std::string(name))) host.address = name;
  else host.name = without_last_dot(name);
  if (host.address.empty() && !is_name(host.name)) return wrong;
  return host;
}

std::string to_string(const Host& host) {
  const std::string& name = host.name.empty() ? host.address : host.name;
  return (name.find(':') == std::string::npos ? name : "[" + name + "]") + ":" + std::to_string(host.port);
}

Result<Route> route_of(const schema::RelaySettings& settings, std::string_view domain) {
  if (const schema::RelayRoute* relay = relay_of(settings, domain)) {
    TELEPOST_ASSIGN(Host host, host_from(relay->host));
    return Route(Direct{std::move(host), relay});
  }
  if (!domain.starts_with('[')) return Route(ByMx{without_last_dot(domain)});
  TELEPOST_ASSIGN(Host host, host_from(domain));
  if (host.address.empty() || host.port != 25) return {Errc::invalid, "no address literal"};
  return Route(Direct{std::move(host), nullptr});
}

std::string lane_of(const Direct& direct) {
  if (direct.relay == nullptr) return to_string(direct.host) + " literal";
  return fmt::format("{} {} {} {}", to_string(direct.host), static_cast<unsigned>(direct.relay->tls), direct.relay->user,
                     direct.relay->password_file);
}

bool is_own_server(std::string_view address, std::uint16_t port) {
  constexpr std::uint16_t kMail = 25;
  if (port != kMail) return false;
  std::array<unsigned char, 16> v6{};
  std::array<unsigned char, 4> v4{};
  const std::string text(address);
  if (inet_pton(AF_INET, text.c_str(), v4.data()) == 1) return v4[0] == 127 || v4[0] == 0;
  if (inet_pton(AF_INET6, text.c_str(), v6.data()) != 1) return false;
  if (!std::all_of(v6.begin(), v6.begin() + 10, [](unsigned char byte) { return byte == 0; })) return false;
  if (v6[10] == 0xff && v6[11] == 0xff) return v6[12] == 127 || v6[12] == 0;
  return std::all_of(v6.begin() + 10, v6.end() - 1, [](unsigned char byte) { return byte == 0; }) && v6[15] <= 1;
}

Result<std::vector<Host>> hosts_of(MxFacts facts) {
  auto& records = facts.records;
  for (MxRecord& record : records) record.host = without_last_dot(record.host);
  if (records.empty()) return std::vector<Host>{{facts.domain, "", 25}};  // RFC 5321 section 5.1: the implicit MX
  // RFC 7505 section 3: alone; beside others it means nothing and is dropped.
  if (records.size() == 1 && records[0].host.empty()) return {Errc::refused, facts.domain + " takes no mail (null MX)"};
  std::erase_if(records, [](const MxRecord& record) { return record.host.empty(); });
  std::vector<std::pair<std::uint64_t, MxRecord>> order;
  for (std::size_t i = 0; i < records.size(); ++i) order.emplace_back(mix(facts.random + i), records[i]);
  std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
    return std::pair(a.second.preference, a.first) < std::pair(b.second.preference, b.first);
  });
  // RFC 5321 section 5.1: where we are one of them, only better ones are asked; else the message would come back.
  const auto is_ours = [&](const auto& entry) {
    return std::any_of(facts.own_names.begin(), facts.own_names.end(),
                       [&](const std::string& own) { return equals_ignoring_case(own, entry.second.host); });
  };
  if (const auto ours = std::find_if(order.begin(), order.end(), is_ours); ours != order.end()) {
    const std::uint16_t preference = ours->second.preference;
    std::erase_if(order, [&](const auto& entry) { return entry.second.preference >= preference; });
    if (order.empty()) return {Errc::conflict, "mail for " + facts.domain + " comes back to ourselves"};
  }
  std::vector<Host> hosts;
  for (const auto& [key, record] : order) {
    const Host host{record.host, "", 25};
    if (hosts.size() < kMaxHosts && std::find(hosts.begin(), hosts.end(), host) == hosts.end()) hosts.push_back(host);
  }
  return hosts;
}

}  // namespace telepost::adapters::smtp::sender
