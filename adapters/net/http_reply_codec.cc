#include "adapters/net/http_reply_codec.h"

#include <boost/beast/http/status.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "adapters/net/http_date_codec.h"
#include "adapters/net/http_field_codec.h"

namespace telepost::adapters::net {
namespace {

void append_field(std::string& out, std::string_view name, std::string_view value) {
  if (!is_http_token(name)) return;
  out += name;
  out += ": ";
  for (const char c : value) {
    const bool is_control = (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
    out += is_control ? ' ' : c;
  }
  out += "\r\n";
}

void append_status(std::string& out, unsigned status) { fmt::format_to(std::back_inserter(out), "HTTP/1.1 {} {}\r\n", status, reason_phrase(status)); }

}  // namespace

std::string_view reason_phrase(unsigned status) {
  if (status == 413) return "Content Too Large";     // RFC 9110 renamed these two
  if (status == 422) return "Unprocessable Content";
  const boost::beast::string_view phrase = boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(status));
  if (phrase.empty() || phrase.front() == '<') return "Unknown";
  return {phrase.data(), phrase.size()};
}

bool has_content(unsigned status) { return status >= 200 && status != 204 && status != 304; }

void append_head(std::string& out, const HttpReply& reply, const HttpFraming& framing, const HttpFields& more) {
  append_status(out, reply.status);
  append_field(out, "Date", to_http_date(framing.date));
  if (has_content(reply.status)) {
    if (!reply.content_type.empty()) append_field(out, "Content-Type", reply.content_type);
    if (framing.size_bytes) append_field(out, "Content-Length", std::to_string(*framing.size_bytes));
    else if (framing.is_chunked) append_field(out, "Transfer-Encoding", "chunked");
  }
  if (!reply.validators.etag.empty()) append_field(out, "ETag", reply.validators.etag);
  if (reply.validators.last_modified) append_field(out, "Last-Modified", to_http_date(*reply.validators.last_modified));
  for (const HttpField& field : reply.fields) append_field(out, field.name, field.value);
  for (const HttpField& field : more) append_field(out, field.name, field.value);
  if (framing.closes) append_field(out, "Connection", "close");
  out += "\r\n";
}

void append_switch(std::string& out, const HttpFields& fields) {
  append_status(out, 101);
  append_field(out, "Connection", "Upgrade");
  for (const HttpField& field : fields) append_field(out, field.name, field.value);
  out += "\r\n";
}

void append_chunk(std::string& out, std::string_view piece) {
  if (piece.empty()) return;
  fmt::format_to(std::back_inserter(out), "{:x}\r\n", piece.size());
  out += piece;
  out += "\r\n";
}

HttpReply problem(unsigned status, std::string_view detail) {
  nlohmann::json document{{"type", "about:blank"}, {"title", reason_phrase(status)}, {"status", status}};
  if (!detail.empty()) document["detail"] = detail;
  HttpReply made;
  made.status = status;
  made.content_type = "application/problem+json";
  made.body = document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return made;
}

HttpReply problem(const Error& error) {
  const bool is_ours = error.kind == Errc::io || error.kind == Errc::corrupt;
  return problem(http_status_of(error.kind), is_ours ? std::string_view() : error.detail);
}

unsigned http_status_of(Errc kind) {
  switch (kind) {
    case Errc::invalid: return 400;
    case Errc::refused:
    case Errc::denied: return 403;
    case Errc::not_found: return 404;
    case Errc::timeout: return 408;
    case Errc::exists:
    case Errc::conflict: return 409;
    case Errc::too_large: return 413;
    case Errc::too_many: return 429;
    case Errc::io:
    case Errc::corrupt: return 500;
    case Errc::unsupported: return 501;
    case Errc::busy:
    case Errc::unavailable:
    case Errc::cancelled: return 503;
    case Errc::over_quota:
    case Errc::disk_full: return 507;
  }
  return 500;
}

}  // namespace telepost::adapters::net
