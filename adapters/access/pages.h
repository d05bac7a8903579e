// The pages of OAuth's authorization endpoint: HTML without a script, read on a telephone as well as at a desk.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "adapters/net/http_reply.h"
#include "schema/scopes.h"

namespace telepost::adapters::access {

// As text, and as a value between double quotes.
std::string escaped(std::string_view text);

struct Page {
  unsigned status = 200;
  std::string title;
  std::string body;              // HTML
  std::string form_target = {};  // where its form may lead behind our own answer, as CSP names it
  std::string goes_to = {};      // at once, by itself; "" : it stays
};
// With what keeps it from being framed, kept, run or told of: CSP, X-Frame-Options, no-store, Referrer-Policy.
net::HttpReply to_reply(const Page& page);

struct SignInPage {
  std::string client;   // its name
  std::string action;   // where the form goes
  std::string message;  // what was wrong; "" at first
  std::string name;     // as it was typed
};
std::string to_html(const SignInPage& page);

struct ConsentPage {
  std::string client, action;
  std::string username;
  std::string returns_to;  // of the client, for people: "mail.example.test", or its scheme
  std::string proof;       // that the form was this session's
  schema::Scopes scopes;
};
std::string to_html(const ConsentPage& page);

std::string sentence(std::string_view heading, std::string_view text);  // a page that only says something

}  // namespace telepost::adapters::access
