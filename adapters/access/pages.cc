#include "adapters/access/pages.h"

#include "base/bytes.h"
#include "base/sha256.h"

namespace telepost::adapters::access {
namespace {

// Named by its hash in the page's policy: no other style is applied, and no script ever.
constexpr std::string_view kStyle = R"(
:root{color-scheme:light dark;--paper:#f6f8f8;--card:#fff;--ink:#16201f;--quiet:#566463;--line:#d5dddc;--accent:#00696b;--on-accent:#fff;--bad:#a3211c}
@media (prefers-color-scheme:dark){:root{--paper:#101716;--card:#182120;--ink:#e6eeed;--quiet:#9db0ae;--line:#31403e;--accent:#5bc4c4;--on-accent:#04201f;--bad:#ff9c94}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:flex;justify-content:center;align-items:flex-start;background:var(--paper);color:var(--ink);font:15px/1.5 Inter,system-ui,sans-serif}
main{width:100%;max-width:440px;margin:8vh 16px 32px;padding:32px;background:var(--card);border:1px solid var(--line);border-radius:8px;overflow-wrap:anywhere}
h1{margin:0 0 16px;font-size:24px;line-height:1.25;font-weight:650}
p{margin:0 0 16px}
.quiet{color:var(--quiet);font-size:13px}
.bad{color:var(--bad);font-weight:550}
ul{margin:0 0 16px;padding-left:20px}
label{display:block;margin:0 0 16px;font-size:13px;font-weight:550}
input{display:block;width:100%;min-height:44px;margin-top:4px;padding:8px 12px;border:1px solid var(--quiet);border-radius:8px;background:var(--card);color:inherit;font:inherit}
.row{display:flex;gap:12px;flex-wrap:wrap}
button{flex:1;min-height:44px;padding:8px 16px;border:1px solid var(--quiet);border-radius:8px;background:none;color:inherit;font:inherit;font-weight:550;cursor:pointer}
button.first{background:var(--accent);border-color:var(--accent);color:var(--on-accent)}
button.link{flex:none;min-height:0;padding:0;border:0;color:var(--accent);text-decoration:underline;font-size:13px}
a{color:var(--accent)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
@media (max-width:479px){main{margin:0;min-height:100vh;border:0;border-radius:0;padding:24px 16px}}
)";

std::string policy(const Page& page) {
  static const std::string style = "'sha256-" + to_base64(sha256(kStyle).view()) + "'";
  std::string policy = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; style-src " + style + "; form-action 'self'";
  if (!page.form_target.empty()) policy += " " + page.form_target;
  return policy;
}

std::string_view meaning_of(schema::Scope scope) {
  switch (scope) {
    case schema::Scope::mail: return "read, change and delete your messages, and set rules that forward them to others";
    case schema::Scope::send: return "send messages in your name";
    case schema::Scope::contacts: return "read and change your contacts";
    case schema::Scope::settings: return "change the settings of your account";
  }
  return "";
}

std::string form_begin(std::string_view action) { return "<form method=\"post\" action=\"" + escaped(action) + "\">\n"; }

}  // namespace

std::string escaped(std::string_view text) {
  std::string html;
  for (const char c : text) {
    switch (c) {
      case '&': html += "&amp;"; break;
      case '<': html += "&lt;"; break;
      case '>': html += "&gt;"; break;
      case '"': html += "&quot;"; break;
      case '\'': html += "&#39;"; break;
      default: html += c;
    }
  }
  return html;
}

net::HttpReply to_reply(const Page& page) {
  net::HttpReply reply;
  reply.status = page.status;
  reply.content_type = "text/html; charset=utf-8";
  reply.packing = net::HttpReply::Packing::never;
  reply.body =
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, "
      "initial-scale=1\">\n";
  if (!page.goes_to.empty()) reply.body += "<meta http-equiv=\"refresh\" content=\"0; url=" + escaped(page.goes_to) + "\">\n";
  reply.body += "<title>" + escaped(page.title) + "</title>\n<style>" + std::string(kStyle) + "</style>\n</head>\n<body>\n<main>\n" + page.body +
                "</main>\n</body>\n</html>\n";
  reply.fields = {{"Content-Security-Policy", policy(page)},
                  {"X-Frame-Options", "DENY"},
                  {"Cache-Control", "no-store"},
                  {"Referrer-Policy", "same-origin"}};  // none at all would leave our own forms without an Origin (Fetch, section 3.2)
  return reply;
}

std::string to_html(const SignInPage& page) {
  std::string html = "<h1>Sign in</h1>\n<p>to let <strong>" + escaped(page.client) + "</strong> into your account.</p>\n";
  if (!page.message.empty()) html += "<p class=\"bad\" role=\"alert\">" + escaped(page.message) + "</p>\n";
  html += form_begin(page.action);
  html +=
      "<label>Address<input name=\"name\" type=\"text\" autocomplete=\"username\" autocapitalize=\"none\" spellcheck=\"false\" required "
      "maxlength=\"512\" value=\"" +
      escaped(page.name) + "\"></label>\n";
  html += "<label>Password<input name=\"password\" type=\"password\" autocomplete=\"current-password\" required maxlength=\"512\"></label>\n";
  html +=
      "<label>Code, if you use an authenticator<input name=\"code\" type=\"text\" autocomplete=\"one-time-code\" spellcheck=\"false\" "
      "maxlength=\"64\"></label>\n";
  html += "<div class=\"row\"><button class=\"first\" name=\"act\" value=\"sign-in\">Sign in</button></div>\n</form>\n";
  html += "<p></p>\n<p class=\"quiet\">The program does not see your password.</p>\n";
  return html;
}

std::string to_html(const ConsentPage& page) {
  std::string html =
      "<h1>" + escaped(page.client) + " asks to be let in</h1>\n<p>You are <strong>" + escaped(page.username) + "</strong>. It could</p>\n<ul>\n";
  for (const schema::Scope scope : schema::kScopes) {
    if (page.scopes.contains(scope)) html += "<li>" + std::string(meaning_of(scope)) + "</li>\n";
  }
  html += "</ul>\n<p class=\"quiet\">until you revoke it among your sessions. The answer goes to " + escaped(page.returns_to) + ".</p>\n";
  html += form_begin(page.action) + "<input type=\"hidden\" name=\"proof\" value=\"" + escaped(page.proof) + "\">\n";
  html +=
      "<div class=\"row\"><button name=\"act\" value=\"deny\">Deny</button><button class=\"first\" name=\"act\" "
      "value=\"allow\">Allow</button></div>\n";
  html += "<p></p>\n<p class=\"quiet\">Not you? <button class=\"link\" name=\"act\" value=\"sign-out\">Sign out</button></p>\n</form>\n";
  return html;
}

std::string sentence(std::string_view heading, std::string_view text) { return "<h1>" + escaped(heading) + "</h1>\n<p>" + escaped(text) + "</p>\n"; }

}  // namespace telepost::adapters::access
