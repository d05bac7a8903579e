#include "adapters/jmap/transfer.h"

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "adapters/jmap/blob.h"
#include "adapters/net/http_content.h"
#include "adapters/net/http_field_codec.h"
#include "adapters/net/http_target_codec.h"
#include "adapters/net/on_worker.h"
#include "base/bytes.h"
#include "store/uploads.h"
#include "transcoders/mime/body.h"
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

struct Opened {
  std::shared_ptr<Window> window;
  std::uint64_t size_bytes;
};

Result<Opened> open(store::Store& store, schema::AccountId account, const std::string& id) {
  const auto blob_id = blob_from(id);
  if (!blob_id) return {Errc::not_found, "no such blob"};
  TELEPOST_ASSIGN(auto blob, open_blob(store, account, *blob_id, store::Purpose::subscriber));
  TELEPOST_ASSIGN(const std::uint64_t size, blob->size());
  return Opened{std::make_shared<Window>(Window{store, std::move(blob)}), size};
}

// What a browser may show by itself: it cannot run anything of it (DESIGN section 7).
bool is_shown_inline(std::string_view type) {
  constexpr std::string_view kShown[] = {"image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp", "image/avif", "image/tiff", "text/plain", "application/pdf"};
  return type.starts_with("audio/") || type.starts_with("video/") || std::find(std::begin(kShown), std::end(kShown), type) != std::end(kShown);
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

net::HttpFields fields_of(bool is_inline, std::string_view filename) {
  return {{"Content-Disposition", disposition_of(is_inline, filename)},
          {"Cache-Control", "private, immutable, max-age=31536000"},  // RFC 8620 section 6.2: a blob never changes
          {"Content-Security-Policy", "sandbox; default-src 'none'"}};
}

}  // namespace

Answered upload(Service& service, net::HttpExchange& exchange, Login login) {
  const schema::JmapSettings& limits = service.context.settings;
  if (exchange.request().segments[2] != to_id(login.account)) co_return net::problem(404);
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
  auto opening = [&store, account = login.account, id = request.segments[3]] { return open(store, account, id); };
  net::Awaitable<Result<Opened>> waiting = net::on_worker<Opened>(store, std::move(opening));
  const Result<Opened> opened = co_await std::move(waiting);
  if (!opened.ok()) co_return net::problem(opened.error());
  const std::string type = media_type_of(request.parameter("accept").value_or(opened->window->blob->type()));
  const bool is_inline = is_shown_inline(type);
  net::HttpContent content;
  content.size_bytes = opened->size_bytes;
  content.content_type = is_inline ? type : std::string(kOctets);
  content.validators.etag = "\"" + request.segments[3] + "\"";
  content.fields = fields_of(is_inline, mime::safe_name(request.segments[4], type));
  content.read = [window = opened->window](std::uint64_t from, std::size_t most) { return read_window(window, from, most); };
  std::optional<net::HttpReply> reply = co_await net::send_content(exchange, content);
  co_return reply;
}

}  // namespace telepost::adapters::jmap
