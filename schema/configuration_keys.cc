#include "schema/configuration_keys.h"

#include <algorithm>

#include "base/bytes.h"
#include "schema/archive_keys.h"
#include "schema/authentication_keys.h"
#include "schema/jmap_keys.h"
#include "schema/oauth_client_keys.h"
#include "schema/relay_keys.h"
#include "schema/setting_binding.h"
#include "schema/setting_value.h"
#include "schema/visit_keys.h"

namespace telepost::schema {

// What is wrong with a row as a whole (empty if nothing is), and its name: found by setting_binding.h.
static std::string fault_of(const Service& service) {
  if (service.listen.empty()) return "a service that listens nowhere; give it listen = [\"unix:/path\"]";
  for (const Endpoint& endpoint : service.listen) {
    if (endpoint.is_unix()) continue;
    const std::string where = to_string(endpoint);
    if (!endpoint.is_loopback())
      return where + " proves no identity; use a Unix socket or a loopback address";
    if (!service.trusted)
      return where + " needs trusted = true, for every process of this machine can connect there";
    if (!service.peer_uids.empty()) return where + " has no peer_uids to check; use a Unix socket";
  }
  return {};
}
static std::string fault_of(const Domain&) {
  return {};
}
static std::string fault_of(const NumberRange&) {
  return {};
}
static std::string fault_of(const TlsCertificate&) {
  return {};
}
static const std::string& name_of(const TlsCertificate& certificate) {
  return certificate.chain;
}
static const std::string& name_of(const Service& service) {
  return service.name;
}
static const std::string& name_of(const Domain& domain) {
  return domain.name;
}
static const std::string& name_of(const NumberRange& range) {
  return range.prefix;
}

namespace {

constexpr std::uint32_t kMany = 100'000'000;
constexpr std::uint64_t kKiB = 1024;

// Letters, digits and hyphens in labels (RFC 1123 section 2.1); Unicode domains come as UTF-8 or xn--.
bool is_domain(std::string_view name) {
  if (name.empty() || name.size() > 253 || !is_valid_utf8(name)) return false;
  for (std::string_view rest = name;;) {
    const std::string_view label = rest.substr(0, rest.find('.'));
    if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-') return false;
    for (const char c : label) {
      const bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || (c & 0x80) != 0;
      if (!letter) return false;
    }
    if (label.size() == rest.size()) return true;
    rest.remove_prefix(label.size() + 1);
  }
}

// ITU-T E.164: at most 15 digits.
bool is_prefix(std::string_view prefix) {
  return prefix.size() >= 2 && prefix.size() <= 16 && prefix[0] == '+' &&
         prefix.find_first_not_of("0123456789", 1) == std::string_view::npos;
}

Result<void> read_engine(const Keyed& from, std::string& into) {
  TELEPOST_TRY(read(from, into));
  return into == "rocksdb" ? Result<void>() : from.wants("the name of an engine that is built in");
}

Result<void> read_domain(const Keyed& from, std::string& into) {
  TELEPOST_TRY(read(from, into));
  into = to_lower(into);
  return is_domain(into) ? Result<void>() : from.wants("a domain name, such as \"example.test\"");
}

Result<void> read_prefix(const Keyed& from, std::string& into) {
  TELEPOST_TRY(read(from, into));
  return is_prefix(into) ? Result<void>() : from.wants("+ and 1 to 15 digits, such as \"+1555\"");
}

Result<void> read_name(const Keyed& from, std::string& into) {
  TELEPOST_TRY(read(from, into));
  return !into.empty() && into.size() <= 64 ? Result<void>() : from.wants("a name of 1 to 64 letters");
}

constexpr std::string_view kEndpoints = "list of address:port";
constexpr std::string_view kNumber = "whole number";

#define TAKE(Target, body) [](const Keyed& from, Target& into) -> Result<void> { return body; }

const std::vector<Binding<Service>>& service_keys() {
  static const std::vector<Binding<Service>> keys = {
      {{"services[].name", "text", "", "The identity of a peer that connects there: phone, ivr, fax …"},
       TAKE(Service, read_name(from, into.name))},
      {{"services[].listen", kEndpoints, "",
        "Where it connects, speaking LMTP: unix:/path, or a loopback address:port."},
       TAKE(Service, read(from, into.listen))},
      {{"services[].peer_uids", "list of user ids", "[]",
        "Who may connect to the Unix socket; an empty list is Telepost's own user."},
       TAKE(Service, read(from, into.peer_uids))},
      {{"services[].trusted", "true or false", "false",
        "Must be true for a loopback address:port, which every process of the machine can reach."},
       TAKE(Service, read(from, into.trusted))}};
  return keys;
}

const std::vector<Binding<Domain>>& domain_keys() {
  static const std::vector<Binding<Domain>> keys = {
      {{"domains[].name", "text", "", "A mail domain that is served here."},
       TAKE(Domain, read_domain(from, into.name))},
      {{"domains[].class", "text", "\"standard\"", "The class of service of its new accounts."},
       TAKE(Domain, read_name(from, into.class_of_service))},
      {{"domains[].create", "true or false", "false",
        "Whether mail to an unknown address makes an account; else it gets 550."},
       TAKE(Domain, read(from, into.create))}};
  return keys;
}

const std::vector<Binding<NumberRange>>& number_keys() {
  static const std::vector<Binding<NumberRange>> keys = {
      {{"numbers[].prefix", "text", "",
        "The telephone numbers that are served here: all that begin so, with + and country code."},
       TAKE(NumberRange, read_prefix(from, into.prefix))},
      {{"numbers[].class", "text", "\"standard\"", "The class of service of its new accounts."},
       TAKE(NumberRange, read_name(from, into.class_of_service))},
      {{"numbers[].create", "true or false", "true",
        "Whether a message to an unknown number makes an account."},
       TAKE(NumberRange, read(from, into.create))}};
  return keys;
}

const std::vector<Binding<TlsCertificate>>& certificate_keys() {
  static const std::vector<Binding<TlsCertificate>> keys = {
      {{"tls.certificates[].chain", "text", "", "A PEM file: the certificate, then what leads to its authority."},
       TAKE(TlsCertificate, read(from, into.chain))},
      {{"tls.certificates[].key", "text", "", "A PEM file with its key, without a passphrase."},
       TAKE(TlsCertificate, read(from, into.key))},
      {{"tls.certificates[].names", "list of text", "[]", "Whom it is shown to; empty takes the certificate's names."},
       TAKE(TlsCertificate, read(from, into.names))}};
  return keys;
}

using Bindings = std::vector<Binding<Configuration>>;

// The keys that SMTP, LMTP and submission share.
template <MailListenerSettings Configuration::*Section>
Bindings mail_keys(const std::string& section, std::string_view listen, std::string_view recipients) {
  return {
      {{section + ".listen", kEndpoints, listen, "Where it listens; an empty list turns it off."},
       TAKE(Configuration, read(from, (into.*Section).listen))},
      {{section + ".listen_tls", kEndpoints, "[]", "Where it listens with TLS from the first byte."},
       TAKE(Configuration, read(from, (into.*Section).listen_tls))},
      {{section + ".hostname", "text", "\"\"",
        "What it calls itself in greetings and Received; empty takes the machine's name."},
       TAKE(Configuration, read(from, (into.*Section).hostname))},
      {{section + ".max_message_size", "size", "\"50MiB\"", "A larger message is refused with 552."},
       TAKE(Configuration, read_size(from, (into.*Section).max_message_bytes, 64 * kKiB))},
      {{section + ".max_recipients", kNumber, recipients, "Of one message; RFC 5321 asks for at least 100."},
       TAKE(Configuration, read_number(from, (into.*Section).max_recipients, 1, 100'000))},
      {{section + ".max_connections", kNumber, "1000", "Sessions at one time; more get 421."},
       TAKE(Configuration, read_number(from, (into.*Section).max_connections, 1, 1'000'000))},
      {{section + ".max_connections_per_peer", kNumber, "100", "Sessions at one time from one address."},
       TAKE(Configuration, read_number(from, (into.*Section).max_connections_per_peer, 1, 1'000'000))},
      {{section + ".command_timeout", "duration", "\"PT5M\"", "How long it waits for a command."},
       TAKE(Configuration, read(from, (into.*Section).command_timeout))},
      {{section + ".data_timeout", "duration", "\"PT3M\"",
        "How long it waits for the next bytes of a message."},
       TAKE(Configuration, read(from, (into.*Section).data_timeout))},
      {{section + ".line_timeout", "duration", "\"PT1M\"", "How long a command may take from its first byte to its end."},
       TAKE(Configuration, read(from, (into.*Section).line_timeout))},
      {{section + ".session_timeout", "duration", "\"PT30M\"", "How long a session may last since its last accepted message."},
       TAKE(Configuration, read(from, (into.*Section).session_timeout))},
      {{section + ".max_new_per_minute", kNumber, "1200",
        "New sessions in a minute from one address of another machine."},
       TAKE(Configuration, read_number(from, (into.*Section).max_new_per_minute, 1, kMany))},
      {{section + ".trusted_fronts", "list of networks", "[]",
        "Load balancers: each of their connections begins with a PROXY header, which is believed."},
       TAKE(Configuration, read(from, (into.*Section).trusted_fronts))},
      {{section + ".xclient_fronts", "list of networks", "[]",
        "Servers that may tell by XCLIENT whom they speak for."},
       TAKE(Configuration, read(from, (into.*Section).xclient_fronts))},
      {{section + ".max_hops", kNumber, "100", "A message with as many Received fields goes round in a loop."},
       TAKE(Configuration, read_number(from, (into.*Section).max_hops, 100, 100'000))},
      {{section + ".tarpit", "true or false", "true", "Whether strangers wait longer after each refused command."},
       TAKE(Configuration, read(from, (into.*Section).tarpit))},
      {{section + ".tarpit_max", "duration", "\"PT20S\"", "The longest of these waits."},
       TAKE(Configuration, read(from, (into.*Section).tarpit_max))}};
}

Bindings login_keys() {
  return {{{"submission.without_tls", "true or false", "false",
            "Whether log-ins in plain text are taken: only where nobody can listen."},
           TAKE(Configuration, read(from, into.submission_without_tls))},
          {{"secrets.key_file", "text", "\"\"",
            "32 bytes in hex that seal what must be read back; empty takes secrets.key in the store's folder, and makes it."},
           TAKE(Configuration, read(from, into.secrets_key_file))}};
}

Bindings store_keys() {
  return {{{"store.engine", "text", "\"rocksdb\"", "What keeps the bytes; rocksdb is the only one so far."},
           TAKE(Configuration, read_engine(from, into.store.engine))},
          {{"store.path", "text", "\"telepost-data\"", "The store's folder."},
           TAKE(Configuration, read_name(from, into.store.path))},
          {{"store.heads", kNumber, "100000", "Account heads kept in memory."},
           TAKE(Configuration, read_number(from, into.store.heads, 16, kMany))},
          {{"store.reserve", "share or size", "\"5%\"",
            "Free space below which deliveries are refused; a share is never less than 1 GiB."},
           TAKE(Configuration, read(from, into.store.reserve))},
          {{"store.cache", "size", "\"256MiB\"", "Memory for what the engine has read."},
           TAKE(Configuration, read_size(from, into.store.cache_bytes, 1024 * kKiB))}};
}

// They are no part of the Configuration (schema/oauth_clients.h), but what is wrong with them is told with it.
Result<void> check_oauth_clients(const Keyed& from, Configuration&) {
  OauthClients clients;
  return read_oauth_clients(from, clients);
}

Bindings served_keys() {
  return {
      {{"admin.listen", kEndpoints, "[\"127.0.0.1:8025\"]", "Where /metrics, /healthz and /readyz are."},
       TAKE(Configuration, read(from, into.admin.listen))},
      {{"services", "tables", "[]",
        "Peers whose identity is proved by where they connect; what they state of a message is believed."},
       TAKE(Configuration, read_rows(from, service_keys(), into.services))},
      {{"domains", "tables", "[]", "The mail domains that are served."},
       TAKE(Configuration, read_rows(from, domain_keys(), into.domains))},
      {{"numbers", "tables", "[]", "The telephone numbers that are served."},
       TAKE(Configuration, read_rows(from, number_keys(), into.numbers))},
      {{"oauth_clients", "tables", "[]", "The programs of others that subscribers may let into their accounts (OAuth 2.0)."}, check_oauth_clients}};
}

Bindings net_keys() {
  return {{{"tls.certificates", "tables", "[]",
            "What is shown to who connects; the first without SNI. Without any, a self-made one in the store's folder."},
           TAKE(Configuration, read_rows(from, certificate_keys(), into.tls.certificates))},
          {{"tls.authorities", "text", "\"\"", "A PEM file of whom Telepost believes when it connects; empty takes the system's."},
           TAKE(Configuration, read(from, into.tls.authorities))},
          {{"dns.servers", kEndpoints, "[]", "Name servers; empty takes the system's."},
           TAKE(Configuration, read(from, into.dns.servers))},
          {{"dns.timeout", "duration", "\"PT10S\"", "How long a question may take, with all its tries."},
           TAKE(Configuration, read(from, into.dns.timeout))},
          {{"dns.cache", kNumber, "10000", "Answers that are kept while they are valid."},
           TAKE(Configuration, read_number(from, into.dns.cache, 0, kMany))}};
}

Bindings queue_keys() {
  return {{{"queue.retry", "list of durations", "[\"PT5M\", \"PT10M\", \"PT20M\", \"PT40M\", \"PT1H\", \"PT2H\", \"PT4H\"]",
            "How long what could not be sent waits before each next attempt; the last one repeats."},
           TAKE(Configuration, read(from, into.queue.retry))},
          {{"queue.expire", "duration", "\"P5D\"", "After that long it is given up, and its sender told."},
           TAKE(Configuration, read(from, into.queue.expire))},
          {{"queue.delay_notice", "duration", "\"PT4H\"", "After that long its sender is told, once, that it takes longer."},
           TAKE(Configuration, read(from, into.queue.delay_notice))},
          {{"queue.concurrency", kNumber, "20", "Messages that are sent to one mail domain at one time."},
           TAKE(Configuration, read_number(from, into.queue.concurrency, 1, 100'000))}};
}

Bindings server_keys() {
  return {
      {{"create.per_peer_hour", kNumber, "100",
        "Accounts that messages of one peer may make in an hour; beyond it gets 451."},
       TAKE(Configuration, read_number(from, into.create_per_peer_hour, 0, kMany))},
      {{"policies.path", "text", "\"\"",
        "A folder of classes of service in XML, read again on SIGHUP; empty has the class standard alone."},
       TAKE(Configuration, read(from, into.policies_path))},
      {{"log.level", "debug, info, warning or error", "\"info\"", "What is logged on stderr."},
       TAKE(Configuration, read(from, into.log_level))},
      {{"server.threads", kNumber, "0", "Threads that serve sessions; 0 takes one for each processor."},
       TAKE(Configuration, read_number(from, into.threads, 0, 1024))},
      {{"server.drain_timeout", "duration", "\"PT10S\"", "How long sessions may finish after SIGTERM."},
       TAKE(Configuration, read(from, into.drain_timeout))},
      {{"clock.max_jump", "duration", "\"P1D\"",
        "A jump ahead by more, while running, halts what removes until it is accepted."},
       TAKE(Configuration, read(from, into.clock_max_jump))},
      {{"clock.max_stop", "duration", "\"P30D\"", "The same from one stop to the next start."},
       TAKE(Configuration, read(from, into.clock_max_stop))},
      {{"changes.keep", "duration", "\"P90D\"", "How long clients may stay away and still get every change."},
       TAKE(Configuration, read(from, into.changes_keep))},
      {{"audit.keep", "duration", "\"P400D\"", "How long the audit log tells what was done to messages."},
       TAKE(Configuration, read(from, into.audit_keep))},
      {{"reclaim.grace", "duration", "\"PT1H\"", "How long bytes stay that no message needs."},
       TAKE(Configuration, read(from, into.reclaim_grace))}};
}

const Bindings& main_keys() {
  static const Bindings all = [] {
    Bindings keys;
    for (const Bindings& some :
         {store_keys(), archive_keys(), mail_keys<&Configuration::smtp>("smtp", "[\"127.0.0.1:2525\"]", "1000"),
          mail_keys<&Configuration::lmtp>("lmtp", "[\"127.0.0.1:2424\"]", "2000"),
          mail_keys<&Configuration::submission>("submission", "[]", "1000"), login_keys(), jmap_keys(), served_keys(),
          net_keys(), queue_keys(), relay_keys(), authentication_keys(), server_keys(), visit_keys()}) {
      keys.insert(keys.end(), some.begin(), some.end());
    }
    return keys;
  }();
  return all;
}

#undef TAKE

Result<void> apply(const Setting& setting, const std::string& path, Configuration& configuration) {
  const auto& keys = main_keys();
  const auto* found = binding_of(path, keys);
  if (found != nullptr) return found->take({setting, found->key.name, found->key.fallback}, configuration);
  const std::string prefix = path.empty() ? path : path + ".";
  const bool section = std::any_of(keys.begin(), keys.end(),
                                   [&](const auto& binding) { return binding.key.name.starts_with(prefix); });
  if (!section) return unknown(setting, path, keys);
  const Setting::Table* table = setting.table();
  if (table == nullptr) return setting.error(path + " is a table; write [" + path + "] and its keys below");
  for (const auto& [name, value] : *table) TELEPOST_TRY(apply(value, prefix + name, configuration));
  return {};
}

}  // namespace

Result<void> apply_settings(const Setting& root, Configuration& configuration) {
  return apply(root, "", configuration);
}

const std::vector<ConfigurationKey>& configuration_keys() {
  static const std::vector<ConfigurationKey> all = [] {
    std::vector<ConfigurationKey> keys;
    const auto add = [&keys](const auto& bindings) {
      for (const auto& binding : bindings) keys.push_back(binding.key);
    };
    for (const auto& binding : main_keys()) {
      keys.push_back(binding.key);
      if (binding.key.name == "services") add(service_keys());
      if (binding.key.name == "relay.routes") add(relay_route_keys());
      if (binding.key.name == "tls.certificates") add(certificate_keys());
      if (binding.key.name == "domains") add(domain_keys());
      if (binding.key.name == "numbers") add(number_keys());
      if (binding.key.name == "oauth_clients") add(oauth_client_keys());
      if (binding.key.name == "dkim") add(dkim_keys());
    }
    return keys;
  }();
  return all;
}

}  // namespace telepost::schema
