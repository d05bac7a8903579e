#include "adapters/jmap/transfer.h"

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "adapters/jmap/blob.h"
#include "adapters/jmap/rendition.h"
#include "adapters/net/http_accept_codec.h"
#include "adapters/net/http_content.h"
#include "adapters/net/http_field_codec.h"
#include "adapters/net/http_target_codec.h"
#include "adapters/net/on_worker.h"
#include "base/bytes.h"
#include "base/sha256.h"
#include "store/uploads.h"
#include "transcoders/mime/body.h"
#include "transcoders/mime/charset.h"
#include "transcoders/mime/fields.h"

namespace telepost::adapters::jmap {
namespace mime = transcoders::mime;

namespace {

constexpr std::size_t kWindow = 1u << 20;  // read of a blob at once: a piece of the store
constexpr std::uint32_t kMostDownloads = 16;  // of an account at a time: each holds a window for as long as its client takes
constexpr std::string_view kOctets = "application/octet-stream";

std::string media_type_of(std::string_view field) {
  std::string type = to_lower(trim(field.substr(0, field.find(';'))));
  return mime::is_media_type(type) ? type : std::string(kOctets);
}

net::HttpReply too_large() { return reply_of({RequestError::Kind::limit, "the upload is too large", "maxSizeUpload"}); }

using Begun = std::shared_ptr<store::NewUpload>;

net::Awaitable<Result<Begun>> begin_upload(store::Store& store, schema::AccountId account) {
  auto begin = [&store, account]() -> Result<Begun> {
    TELEPOST_ASSIGN(auto begun, store.uploads().begin(account));
    return Begun(std::move(begun));
  };
  net::Awaitable<Result<Begun>> beginning = net::on_worker<Begun>(store, std::move(begin));
  Result<Begun> begun = co_await std::move(beginning);
  co_return begun;
}

net::Awaitable<Result<void>> write_upload(store::Store& store, Begun upload, std::string bytes) {
  auto write = [upload, bytes = std::move(bytes)]() -> Result<bool> {
    TELEPOST_TRY(upload->write(bytes));
    return true;
  };
  net::Awaitable<Result<bool>> writing = net::on_worker<bool>(store, std::move(write));
  const Result<bool> written = co_await std::move(writing);
  co_return written.ok() ? Result<void>() : Result<void>(written.error());
}

// The body, a window at a time.
net::Awaitable<Result<void>> take_body(store::Store& store, net::HttpExchange& exchange, Begun upload, std::uint64_t most) {
  std::string held;
  for (bool more = true; more;) {
    const Result<std::string_view> piece = co_await exchange.read_piece(most);
    if (!piece.ok()) co_return piece.error();
    more = !piece->empty();
    held += *piece;
    if (held.empty() || (more && held.size() < kWindow)) continue;
    net::Awaitable<Result<void>> writing = write_upload(store, upload, std::exchange(held, {}));
    Result<void> written = co_await std::move(writing);
    if (!written.ok()) co_return written;
  }
  co_return Result<void>();
}

// A blob that is read from its begin to its end, mostly.
struct Window {
  store::Store& store;
  std::unique_ptr<Blob> blob;
  std::uint64_t begin = 0;
  std::string bytes = {};
};

net::Awaitable<Result<std::string>> read_window(std::shared_ptr<Window> window, std::uint64_t from, std::size_t most) {
  const bool is_in = from >= window->begin && from < window->begin + window->bytes.size();
  if (!is_in) {
    auto read = [window, from] { return bytes_of(*window->blob, {from, kWindow}); };
    net::Awaitable<Result<std::string>> reading = net::on_worker<std::string>(window->store, std::move(read));
    Result<std::string> bytes = co_await std::move(reading);
    if (!bytes.ok()) co_return bytes;
    window->begin = from;
    window->bytes = *std::move(bytes);
  }
  co_return window->bytes.substr(from - window->begin, most);
}

// What a browser may show by itself: it cannot run anything of it (DESIGN section 7).
bool is_shown_inline(std::string_view type) {
  constexpr std::string_view kShown[] = {"image/png", "image/jpeg", "image/gif",  "image/webp",     "image/bmp",
                                         "image/avif", "image/tiff", "text/plain", "application/pdf"};
  return type.starts_with("audio/") || type.starts_with("video/") || std::find(std::begin(kShown), std::end(kShown), type) != std::end(kShown);
}

// What a client asks for beside a blob's id.
struct Wanted {
  std::optional<std::string> type;       // what Content-Type is to say of the bytes as they are (RFC 8620 section 6.2)
  std::optional<std::string> rendition;  // the media type that alone will do (schema/jmap.md)
  std::optional<std::string> accept;     // the field: a rendition is taken where it is liked better than the bytes as they are
};

Wanted wanted_of(const net::HttpRequest& request) {
  Wanted wanted{std::optional<std::string>(request.parameter("accept")), {}, request.field("Accept")};
  if (const auto rendition = request.parameter("rendition")) wanted.rendition = to_lower(*rendition);
  return wanted;
}

struct Opened {
  std::shared_ptr<Window> window = {};  // null: there is no rendition as is wanted
  std::uint64_t size_bytes = 0;
  std::string media_type = {};
  std::string content_type = {};
  std::string etag = {};
  bool has_rendition = false;  // or is one
  bool is_rendition = false;
};

bool is_wanted(const Wanted& wanted, const std::string& type, std::string_view rendition) {
  if (wanted.rendition) return *wanted.rendition == rendition;
  // Who takes octets takes anything as it is.
  const std::string_view offered[] = {type, kOctets, rendition};
  return net::preferred_type(wanted.accept, offered) == 2;
}

// In place of the blob. False: as the client wants it, there is none.
Result<bool> put_rendition(Opened& opened, std::unique_ptr<Blob>& blob, const Wanted& wanted) {
  const std::string type = blob->type();
  const std::string_view rendition = rendition_of(type);
  opened.has_rendition = !rendition.empty();
  if (wanted.rendition == type) return true;
  if (!opened.has_rendition || !is_wanted(wanted, type, rendition)) return !wanted.rendition;
  Result<std::unique_ptr<Blob>> made = render(*blob);
  if (!made.ok() && made.error().kind == Errc::too_large) return !wanted.rendition;
  TELEPOST_TRY(made);
  blob = *std::move(made);
  opened.is_rendition = true;
  return true;
}

// Of a text: as the client says, else as every reader of ours finds it. What it looks at is held.
Result<std::string> shown_charset(Window& window, std::uint64_t size, const std::optional<std::string>& said) {
  if (said) {
    const std::string charset = mime::parse_parameterized(*said).text_of("charset");
    if (mime::is_token(charset)) return charset;
  }
  TELEPOST_ASSIGN(window.bytes, bytes_of(*window.blob, {0, kWindow}));
  const std::string label = window.blob->charset();
  const bool is_ascii = std::all_of(window.bytes.begin(), window.bytes.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  const bool says_nothing = is_ascii && size > kWindow && mime::is_known_charset(label);  // what comes behind it may
  const std::string charset(says_nothing ? std::string_view(label) : mime::detect_charset(window.bytes, label));
  return mime::is_token(charset) ? charset : std::string();
}

Result<Opened> open(store::Store& store, const Login& login, const std::string& id, const Wanted& wanted) {
  const auto blob_id = blob_from(id);
  if (!blob_id || !opens(login.scopes, *blob_id)) return {Errc::not_found, "no such blob"};
  TELEPOST_ASSIGN(auto blob, open_blob(store, login.account, *blob_id, store::Purpose::subscriber));
  Opened opened;
  TELEPOST_ASSIGN(const bool is_there, put_rendition(opened, blob, wanted));
  if (!is_there) return opened;
  TELEPOST_ASSIGN(opened.size_bytes, blob->size());
  opened.media_type = opened.is_rendition ? blob->type() : media_type_of(wanted.type.value_or(blob->type()));
  opened.window = std::make_shared<Window>(Window{store, std::move(blob)});
  Window& window = *opened.window;
  opened.etag = "\"" + id + "\"";
  if (opened.is_rendition) {  // by what it says: another version of this program may make another text of the same bytes
    TELEPOST_ASSIGN(window.bytes, bytes_of(*window.blob, {0, opened.size_bytes}));
    opened.etag = "\"" + to_hex(sha256(window.bytes)).substr(0, 32) + "\"";
  }
  opened.content_type = is_shown_inline(opened.media_type) ? opened.media_type : std::string(kOctets);
  if (opened.content_type != "text/plain") return opened;
  TELEPOST_ASSIGN(const std::string charset, shown_charset(window, opened.size_bytes, opened.is_rendition ? std::nullopt : wanted.type));
  if (!charset.empty()) opened.content_type += "; charset=" + charset;
  return opened;
}

// The value of Content-Disposition (RFC 6266).
std::string disposition_of(bool is_inline, std::string_view filename) {
  std::string value = is_inline ? "inline" : "attachment";
  if (filename.empty()) return value;
  std::string plain;
  for (const char c : filename) plain += net::is_alphanumeric(c) || c == '.' || c == '-' || c == '_' || c == ' ' ? c : '_';
  value += "; filename=\"" + plain + "\"";
  if (plain != filename) value += "; filename*=UTF-8''" + net::to_segment(filename);  // RFC 8187
  return value;
}

net::HttpFields fields_of(const Opened& opened, std::string_view filename) {
  const bool is_inline = opened.content_type != kOctets;
  net::HttpFields fields = {{"Content-Disposition", disposition_of(is_inline, mime::safe_name(filename, opened.media_type))},
                            {"Content-Security-Policy", "sandbox; default-src 'none'"}};
  // RFC 8620 section 6.2: a blob never changes.
  fields.push_back({"Cache-Control", opened.is_rendition ? "private, max-age=86400" : "private, immutable, max-age=31536000"});
  if (opened.has_rendition) fields.push_back({"Vary", "Accept"});
  return fields;
}

}  // namespace

Answered upload(Service& service, net::HttpExchange& exchange, Login login) {
  const schema::JmapSettings& limits = service.context.settings;
  if (exchange.request().segments[2] != to_id(login.account)) co_return net::problem(404);
  if (!opens(login.scopes, BlobId{BlobId::Of::upload, 0, {}})) co_return net::problem(403, "this log-in opens neither mail nor contacts");
  const RequestsUnderWay::Ticket ticket = service.uploads_under_way.admit(login.account, limits.max_concurrent_upload);
  if (!ticket) co_return reply_of({RequestError::Kind::limit, "as many uploads are under way already", "maxConcurrentUpload"});
  if (exchange.request().body_size_bytes.value_or(0) > limits.max_size_upload) co_return too_large();
  store::Store& store = service.context.store;
  const Result<Begun> begun = co_await begin_upload(store, login.account);
  if (!begun.ok()) co_return net::problem(begun.error());
  net::Awaitable<Result<void>> taking = take_body(store, exchange, *begun, limits.max_size_upload);
  const Result<void> taken = co_await std::move(taking);
  if (!taken.ok()) co_return taken.error().kind == Errc::too_large ? too_large() : net::problem(taken.error());
  const std::string type = media_type_of(exchange.request().field("Content-Type").value_or(""));
  auto finish = [upload = *begun, type] { return upload->finish(type); };
  net::Awaitable<Result<store::Upload>> finishing = net::on_worker<store::Upload>(store, std::move(finish));
  const Result<store::Upload> kept = co_await std::move(finishing);
  if (!kept.ok()) co_return net::problem(kept.error());
  net::HttpReply reply{.status = 201, .content_type = "application/json"};
  const BlobId blob{BlobId::Of::upload, (*begun)->id(), {}};
  reply.body = to_text({{"accountId", to_id(login.account)}, {"blobId", to_id(blob)}, {"type", type}, {"size", kept->size_bytes}});
  reply.fields.push_back({"Cache-Control", "no-store"});
  co_return reply;
}

Answered download(Service& service, net::HttpExchange& exchange, Login login) {
  const RequestsUnderWay::Ticket ticket = service.downloads_under_way.admit(login.account, kMostDownloads);
  if (!ticket) co_return net::problem(429, "as many downloads are under way already");
  const net::HttpRequest& request = exchange.request();
  if (request.segments[2] != to_id(login.account)) co_return net::problem(404);
  store::Store& store = service.context.store;
  auto opening = [&store, login, id = request.segments[3], wanted = wanted_of(request)] { return open(store, login, id, wanted); };
  net::Awaitable<Result<Opened>> waiting = net::on_worker<Opened>(store, std::move(opening));
  const Result<Opened> opened = co_await std::move(waiting);
  if (!opened.ok()) co_return net::problem(opened.error());
  if (opened->window == nullptr) co_return net::problem(406, "there is no such rendition of it");
  net::HttpContent content;
  content.size_bytes = opened->size_bytes;
  content.content_type = opened->content_type;
  content.validators.etag = opened->etag;
  content.fields = fields_of(*opened, request.segments[4]);
  content.read = [window = opened->window](std::uint64_t from, std::size_t most) { return read_window(window, from, most); };
  std::optional<net::HttpReply> reply = co_await net::send_content(exchange, content);
  co_return reply;
}

}  // namespace telepost::adapters::jmap
