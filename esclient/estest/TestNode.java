import java.util.List;
import java.util.Map;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.reindex.ReindexPlugin;
import org.elasticsearch.node.InternalSettingsPreparer;
import org.elasticsearch.node.Node;
import org.elasticsearch.transport.Netty4Plugin;

/** One Elasticsearch node with the settings NAME=VALUE, until its standard input ends. */
public class TestNode extends Node {
    TestNode(Settings settings) {
        super(
            InternalSettingsPreparer.prepareEnvironment(settings, Map.of(), null, () -> "unnamed"),
            List.of(Netty4Plugin.class, ReindexPlugin.class),
            false);
    }

    public static void main(String[] args) throws Exception {
        Settings.Builder settings = Settings.builder();
        for (String arg : args) {
            int at = arg.indexOf('=');
            settings.put(arg.substring(0, at), arg.substring(at + 1));
        }
        try (TestNode node = new TestNode(settings.build())) {
            node.start();
            // The tests hold the other end: a node never outlives them, however they end.
            while (System.in.read() >= 0) {}
        }
        System.exit(0);
    }
}
