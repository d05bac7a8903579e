#include "schema/oauth_client_keys.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

namespace telepost::schema {

// Found by setting_binding.h.
static std::string fault_of(const OauthClient& client) {
  Scopes told;
  for (const std::string_view name : oauth_names_of(client.scopes)) told.add(*scopes_of_oauth(name));
  return told == client.scopes ? std::string() : "mail without send, or send without mail; OAuth has one scope for both";
}
static const std::string& name_of(const OauthClient& client) { return client.id; }

namespace {

constexpr std::size_t kMaxClientIdBytes = 128;
constexpr std::string_view kClientIdLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~:/";

Result<void> read_client_id(const Keyed& from, std::string& into) {
  TELEPOST_TRY(read(from, into));
  const bool fits = !into.empty() && into.size() <= kMaxClientIdBytes && into.find_first_not_of(kClientIdLetters) == std::string::npos;
  return fits ? Result<void>() : from.wants("1 to 128 letters, digits and -._~:/, such as \"org.example.mail\"");
}

Result<void> read_client_name(const Keyed& from, std::string& into) {
  TELEPOST_TRY(read(from, into));
  const bool has_controls = std::any_of(into.begin(), into.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  return !into.empty() && into.size() <= 100 && !has_controls ? Result<void>() : from.wants("a name of 1 to 100 letters, which people are shown");
}

Result<void> read_redirects(const Keyed& from, std::vector<std::string>& into) {
  TELEPOST_TRY(read(from, into));
  const bool fits = !into.empty() && into.size() <= 20 && std::all_of(into.begin(), into.end(), is_redirect);
  return fits ? Result<void>()
              : from.wants(
                    "1 to 20 addresses with https, http on 127.0.0.1 or [::1], or a scheme with a dot in it, and no #, such as "
                    "\"org.example.mail:/signed-in\"");
}

Result<void> read_scopes(const Keyed& from, Scopes& into) {
  std::vector<std::string> names;
  TELEPOST_TRY(read(from, names));
  for (const std::string& name : names) {
    const std::optional<Scope> scope = scope_from(name);
    if (!scope) return from.wants("mail, send, contacts or settings");
    into.add(*scope);
  }
  return into.empty() ? Result<void>(from.wants("at least one of mail, send, contacts and settings")) : Result<void>();
}

Result<std::string> text_of_file(const std::string& path) {
  if (path.empty()) return std::string();
  std::ifstream in(path, std::ios::binary);
  if (!in) return {errno == ENOENT ? Errc::not_found : Errc::io, path + ": " + std::strerror(errno)};
  std::string text(kMaxSettingsBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad()) return {Errc::io, path + ": cannot be read"};
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

}  // namespace

#define TAKE(body) [](const Keyed& from, OauthClient& into) -> Result<void> { return body; }

const std::vector<Binding<OauthClient>>& oauth_client_keys() {
  static const std::vector<Binding<OauthClient>> keys = {
      {{"oauth_clients[].id", "text", "", "What the program calls itself (client_id)."}, TAKE(read_client_id(from, into.id))},
      {{"oauth_clients[].name", "text", "", "What people are asked whether they let in."}, TAKE(read_client_name(from, into.name))},
      {{"oauth_clients[].redirects", "list of addresses", "", "Where its answer may be sent, letter for letter; on the loopback to any port."},
       TAKE(read_redirects(from, into.redirects))},
      {{"oauth_clients[].scopes", "list of scopes", "[\"mail\", \"send\", \"contacts\"]",
        "The most that it is given: mail, send, contacts, settings."},
       TAKE(read_scopes(from, into.scopes))}};
  return keys;
}

#undef TAKE

Result<void> read_oauth_clients(const Keyed& from, OauthClients& into) {
  TELEPOST_TRY(read_rows(from, oauth_client_keys(), into));
  for (OauthClient& client : into) {
    if (client.scopes.empty()) client.scopes = Scopes::of_app_password();
  }
  return {};
}

Result<OauthClients> parse_oauth_clients(std::string_view toml, std::string_view name, const std::vector<std::string>& overrides) {
  TELEPOST_ASSIGN(Setting root, parse_settings(toml, name));
  for (const std::string& assignment : overrides) TELEPOST_TRY(override_setting(root, assignment));
  OauthClients clients;
  for (const auto& [key, setting] : *root.table()) {
    if (key == "oauth_clients") TELEPOST_TRY(read_oauth_clients({setting, key, "[]"}, clients));
  }
  return clients;
}

Result<OauthClients> load_oauth_clients(const LoadedConfiguration& loaded, const std::vector<std::string>& overrides) {
  TELEPOST_ASSIGN(const std::string text, text_of_file(loaded.file));
  return parse_oauth_clients(text, loaded.file.empty() ? "defaults" : loaded.file, overrides);
}

}  // namespace telepost::schema
