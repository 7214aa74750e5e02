import com.jayway.jsonpath.Configuration;
import com.jayway.jsonpath.JsonPath;
import com.jayway.jsonpath.PathNotFoundException;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.temporal.TemporalAccessor;
import java.time.temporal.TemporalQueries;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import net.minidev.json.JSONArray;
import net.minidev.json.JSONObject;
import net.minidev.json.JSONValue;

/** Reads one JSON object per line and answers each with one: {"value":...}, {"missing":true} or {"error":"..."}. */
public final class Judge {
  public static void main(String[] arguments) throws Exception {
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      JSONObject question = (JSONObject) JSONValue.parse(line);
      JSONObject answer = new JSONObject();
      try {
        answer.put("value", answerTo(question));
      } catch (PathNotFoundException missing) {
        answer.put("missing", true);
      } catch (Exception | StackOverflowError error) {
        answer.put("error", error.getClass().getSimpleName());
      }
      out.println(answer.toJSONString());
    }
  }

  private static Object answerTo(JSONObject question) {
    switch (question.getAsString("kind")) {
      case "path":
        return JsonPath.using(Configuration.defaultConfiguration())
            .parse(question.getAsString("document"))
            .read(question.getAsString("path"));
      case "matches":
        return groupsOf(question);
      case "replace":
        return patternOf(question).matcher(question.getAsString("text")).replaceAll(question.getAsString("replacement"));
      case "date":
        return convert(question.getAsString("source"), question.getAsString("text"), question.getAsString("target"));
      default:
        throw new IllegalArgumentException();
    }
  }

  private static Pattern patternOf(JSONObject question) {
    return Pattern.compile(question.getAsString("pattern"), ((Number) question.get("flags")).intValue());
  }

  private static Object groupsOf(JSONObject question) {
    Matcher matcher = patternOf(question).matcher(question.getAsString("text"));
    JSONArray groups = new JSONArray();
    if (matcher.matches()) for (int group = 0; group <= matcher.groupCount(); group++) groups.add(matcher.group(group));
    return groups;
  }

  private static String convert(String source, String text, String target) {
    TemporalAccessor parsed = DateTimeFormatter.ofPattern(source, Locale.ENGLISH).parse(text);
    LocalTime time = parsed.query(TemporalQueries.localTime());
    ZoneId zone = parsed.query(TemporalQueries.zone());
    LocalDateTime local = LocalDateTime.of(LocalDate.from(parsed), time == null ? LocalTime.MIDNIGHT : time);
    // 24:00 is an excess day of the parsed time.
    local = local.plus(parsed.query(DateTimeFormatter.parsedExcessDays()));
    return ZonedDateTime.of(local, zone == null ? ZoneId.of("UTC") : zone).format(DateTimeFormatter.ofPattern(target, Locale.ENGLISH));
  }
}
