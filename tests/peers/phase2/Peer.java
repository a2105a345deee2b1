import com.helger.as2lib.cert.CertificateFactory;
import com.helger.as2lib.cert.ECertificatePartnershipType;
import com.helger.as2lib.crypto.IMICMatchingHandler;
import com.helger.as2lib.message.AS2Message;
import com.helger.as2lib.message.IMessage;
import com.helger.as2lib.partner.Partnership;
import com.helger.as2lib.partner.xml.XMLPartnershipFactory;
import com.helger.as2lib.processor.DefaultMessageProcessor;
import com.helger.as2lib.processor.module.AbstractProcessorModule;
import com.helger.as2lib.processor.receiver.AS2MDNReceiverModule;
import com.helger.as2lib.processor.receiver.AS2ReceiverModule;
import com.helger.as2lib.processor.receiver.AbstractActiveNetModule;
import com.helger.as2lib.processor.receiver.net.AS2MDNReceiverHandler;
import com.helger.as2lib.processor.sender.AS2SenderModule;
import com.helger.as2lib.processor.sender.AsynchMDNSenderModule;
import com.helger.as2lib.processor.sender.IProcessorSenderModule;
import com.helger.as2lib.processor.storage.IProcessorStorageModule;
import com.helger.as2lib.session.AS2Session;
import com.helger.commons.collection.attr.StringMap;
import com.helger.security.keystore.EKeyStoreType;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import javax.activation.DataHandler;
import javax.mail.internet.MimeBodyPart;
import javax.mail.util.ByteArrayDataSource;

/**
 * An AS2 partner made of the modules of phase2 (as2-lib), for tests only. Arguments: folder, port, password.
 *
 * <p>Each line of standard input, {@code partnership TAB file}, has it send that file. It writes one line for each thing
 * that happened: {@code ready}; {@code sent ID MDN-ID}, {@code failed ID reason}; {@code match ID MIC} and
 * {@code mismatch ID MIC MIC} when a receipt came for what it sent.
 */
public final class Peer {
  private static final class Mics implements IMICMatchingHandler {
    @Override
    public void onMICMatch(IMessage message, String mic) {
      say("match", message.getMessageID(), mic);
    }

    @Override
    public void onMICMismatch(IMessage message, String ours, String theirs) {
      say("mismatch", message.getMessageID(), ours, theirs);
    }
  }

  /** Keeps a received file under its message id, in one step. */
  private static final class Inbox extends AbstractProcessorModule {
    private final Path folder;

    Inbox(Path folder) {
      this.folder = folder;
    }

    @Override
    public boolean canHandle(String action, IMessage message, Map<String, Object> options) {
      return IProcessorStorageModule.DO_STORE.equals(action);
    }

    @Override
    public void handle(String action, IMessage message, Map<String, Object> options) {
      try {
        Path part = Files.createTempFile(folder.getParent(), "part", "");
        try (var stream = message.getData().getInputStream()) {
          Files.copy(stream, part, StandardCopyOption.REPLACE_EXISTING);
        }
        Files.move(part, folder.resolve(message.getMessageID().replaceAll("[<>]", "")));
      } catch (Exception error) {
        throw new IllegalStateException(error);
      }
    }
  }

  /**
   * Tells keys by AS2 ids. With aliases in partnerships the peer does not find a receipt's partnership: it looks it up
   * with an alias that is null.
   */
  private static final class Keys extends CertificateFactory {
    @Override
    public String getAlias(Partnership partnership, ECertificatePartnershipType whose) {
      boolean receiver = whose == ECertificatePartnershipType.RECEIVER;
      String id = receiver ? partnership.getReceiverAS2ID() : partnership.getSenderAS2ID();
      return "PEER".equals(id) ? "peer" : "us";
    }
  }

  private Peer() {}

  private static synchronized void say(String... words) {
    StringBuilder line = new StringBuilder();
    for (String word : words) {
      line.append(line.length() > 0 ? "\t" : "").append(String.valueOf(word).replaceAll("[\\t\\r\\n]+", " "));
    }
    System.out.println(line);
  }

  public static void main(String[] arguments) throws Exception {
    Path folder = Path.of(arguments[0]);
    int port = Integer.parseInt(arguments[1]);
    AS2Session session = new AS2Session();

    Keys certificates = new Keys();
    certificates.setKeyStoreType(EKeyStoreType.PKCS12);
    certificates.setFilename(folder.resolve("keys.p12").toString());
    certificates.setPassword(arguments[2]);
    certificates.setSaveChangesToFile(false);
    certificates.initDynamicComponent(session, certificates.attrs());
    session.setCertificateFactory(certificates);

    XMLPartnershipFactory partnerships = new XMLPartnershipFactory();
    partnerships.setFilename(folder.resolve("partnerships.xml").toString());
    partnerships.setDisableBackup(true);
    partnerships.initDynamicComponent(session, partnerships.attrs());
    session.setPartnershipFactory(partnerships);

    DefaultMessageProcessor processor = new DefaultMessageProcessor();
    processor.setPendingMDNFolder(folder.resolve("pending").toString());
    processor.setPendingMDNInfoFolder(folder.resolve("pendinginfo").toString());
    processor.initDynamicComponent(session, processor.attrs());
    session.setMessageProcessor(processor);

    AS2SenderModule sender = new AS2SenderModule();
    sender.setMICMatchingHandler(new Mics());
    sender.initDynamicComponent(session, null);
    processor.addModule(sender);
    AsynchMDNSenderModule receipts = new AsynchMDNSenderModule();
    receipts.initDynamicComponent(session, null);
    processor.addModule(receipts);
    Inbox inbox = new Inbox(folder.resolve("inbox"));
    inbox.initDynamicComponent(session, null);
    processor.addModule(inbox);
    listen(session, processor, new AS2ReceiverModule(), folder, port);
    listen(
        session,
        processor,
        new AS2MDNReceiverModule() {
          @Override
          public AS2MDNReceiverHandler createHandler() {
            AS2MDNReceiverHandler handler = super.createHandler();
            handler.setMICMatchingHandler(new Mics());
            return handler;
          }
        },
        folder,
        port + 1);
    processor.startActiveModules();
    say("ready");

    ExecutorService workers = Executors.newFixedThreadPool(2);
    BufferedReader orders = new BufferedReader(new InputStreamReader(System.in));
    for (String line = orders.readLine(); line != null; line = orders.readLine()) {
      String[] order = line.split("\t");
      workers.submit(() -> send(session, order[0], Path.of(order[1])));
    }
    System.exit(0);
  }

  private static void listen(
      AS2Session session, DefaultMessageProcessor processor, AbstractActiveNetModule module, Path folder, int port)
      throws Exception {
    StringMap attributes = new StringMap();
    attributes.putIn(AbstractActiveNetModule.ATTR_ADDRESS, "127.0.0.1");
    attributes.putIn(AbstractActiveNetModule.ATTR_PORT, Integer.toString(port));
    attributes.putIn(AbstractActiveNetModule.ATTR_ERROR_DIRECTORY, folder.resolve("error").toString());
    module.initDynamicComponent(session, attributes);
    processor.addModule(module);
  }

  private static void send(AS2Session session, String partnership, Path file) {
    AS2Message message = new AS2Message();
    try {
      message.setPartnership(session.getPartnershipFactory().getPartnershipByName(partnership));
      message.updateMessageID();
      message.setSubject("From phase2");
      message.setContentType("application/octet-stream");
      MimeBodyPart part = new MimeBodyPart();
      part.setDataHandler(new DataHandler(new ByteArrayDataSource(Files.readAllBytes(file), "application/octet-stream")));
      part.setHeader("Content-Type", "application/octet-stream");
      part.setHeader("Content-Transfer-Encoding", "binary");
      part.setFileName(file.getFileName().toString());
      message.setData(part);
      session.getMessageProcessor().handle(IProcessorSenderModule.DO_SEND, message, null);
      String disposition =
          message.getMDN() == null ? "" : message.getMDN().attrs().getAsString("DISPOSITION");
      say("sent", message.getMessageID(), disposition);
    } catch (Throwable error) {
      say("failed", message.getMessageID(), String.valueOf(error));
      error.printStackTrace();
    }
  }
}
