/* GMime beside us. Two uses:
     gmime_peer parse SECONDS FILE…   parses the files again and again for so long; prints "messages bytes seconds"
     gmime_peer outline FOLDER        the part tree of each *.eml as tests/unit/mime_outline.py prints it
   The parse is bare: the part tree is made, nothing is decoded. Built by tests/bench/mime.py. */
#include <gmime/gmime.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct mail {
  char *bytes;
  gsize size;
};

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* The stream reads the mail where it lies; both must outlive the message, whose parts read from there too. */
static GMimeMessage *parse(const struct mail *mail, GByteArray *view) {
  view->data = (guint8 *)mail->bytes;
  view->len = (guint)mail->size;
  GMimeStream *stream = g_mime_stream_mem_new_with_byte_array(view);
  g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(stream), FALSE);
  GMimeParser *parser = g_mime_parser_new_with_stream(stream);
  GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);
  g_object_unref(parser);
  g_object_unref(stream);
  return message;
}

static int parse_for(double seconds, char **paths, int count) {
  struct mail *mails = calloc((size_t)count, sizeof *mails);
  for (int i = 0; i < count; ++i) {
    if (!g_file_get_contents(paths[i], &mails[i].bytes, &mails[i].size, NULL)) return 1;
  }
  unsigned long long messages = 0, bytes = 0;
  const double begin = now();
  double passed = 0;
  do {
    for (int i = 0; i < count; ++i) {
      GByteArray view;
      GMimeMessage *message = parse(&mails[i], &view);
      if (message != NULL) g_object_unref(message);
      ++messages;
      bytes += mails[i].size;
    }
    passed = now() - begin;
  } while (passed < seconds);
  printf("%llu %llu %.6f\n", messages, bytes, passed);
  return 0;
}

static void digest_of(GMimeObject *object, char *text) {
  strcpy(text, "-");
  if (!GMIME_IS_PART(object)) return;
  GMimeDataWrapper *content = g_mime_part_get_content(GMIME_PART(object));
  if (content == NULL) return;
  GMimeStream *stream = g_mime_data_wrapper_get_stream(content);
  GChecksum *checksum = g_checksum_new(G_CHECKSUM_SHA256);
  char buffer[4096];
  g_mime_stream_reset(stream);
  for (ssize_t size; (size = g_mime_stream_read(stream, buffer, sizeof buffer)) > 0;) {
    g_checksum_update(checksum, (const guchar *)buffer, size);
  }
  strcpy(text, g_checksum_get_string(checksum));
  g_checksum_free(checksum);
}

static void outline(const char *name, GMimeObject *object, int depth) {
  GMimeContentType *type = g_mime_object_get_content_type(object);
  char *words = g_mime_content_type_get_mime_type(type);
  char *lower = g_ascii_strdown(words, -1);
  printf("%s\t%d\t%s", name, depth, lower);
  g_free(words);
  g_free(lower);
  GMimeMessage *inner = GMIME_IS_MESSAGE_PART(object) ? g_mime_message_part_get_message(GMIME_MESSAGE_PART(object)) : NULL;
  const int children = GMIME_IS_MULTIPART(object) ? g_mime_multipart_get_count(GMIME_MULTIPART(object)) : 0;
  if (inner == NULL && children == 0) {
    char digest[80];
    digest_of(object, digest);
    const char *filename = GMIME_IS_PART(object) ? g_mime_part_get_filename(GMIME_PART(object)) : NULL;
    const char *charset = g_mime_content_type_get_parameter(type, "charset");
    char *label = g_ascii_strdown(charset == NULL ? "" : charset, -1);
    printf("\t%s\t%s\t%s", digest, filename == NULL ? "" : filename, label);
    g_free(label);
  }
  printf("\n");
  if (inner != NULL) outline(name, g_mime_message_get_mime_part(inner), depth + 1);
  for (int i = 0; i < children; ++i) outline(name, g_mime_multipart_get_part(GMIME_MULTIPART(object), i), depth + 1);
}

static int compare(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static int outline_folder(const char *folder) {
  GDir *dir = g_dir_open(folder, 0, NULL);
  if (dir == NULL) return 1;
  char *names[4096];
  size_t count = 0;
  for (const char *name; count < 4096 && (name = g_dir_read_name(dir)) != NULL;) {
    if (g_str_has_suffix(name, ".eml")) names[count++] = g_strdup(name);
  }
  qsort(names, count, sizeof *names, compare);
  for (size_t i = 0; i < count; ++i) {
    char *path = g_build_filename(folder, names[i], NULL);
    struct mail mail = {NULL, 0};
    if (!g_file_get_contents(path, &mail.bytes, &mail.size, NULL)) return 1;
    GByteArray view;
    GMimeMessage *message = parse(&mail, &view);
    if (message == NULL || g_mime_message_get_mime_part(message) == NULL) printf("%s\t-\n", names[i]);
    else outline(names[i], g_mime_message_get_mime_part(message), 0);
    g_free(path);
  }
  return 0;
}

int main(int argc, char **argv) {
  g_mime_init();
  if (argc > 3 && strcmp(argv[1], "parse") == 0) return parse_for(atof(argv[2]), argv + 3, argc - 3);
  if (argc == 3 && strcmp(argv[1], "outline") == 0) return outline_folder(argv[2]);
  fprintf(stderr, "usage: gmime_peer parse SECONDS FILE… | outline FOLDER\n");
  return 64;
}
