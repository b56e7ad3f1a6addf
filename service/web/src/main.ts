import "@/classic/style.css";
import "@/classic/emissions.css";
import "@/people.css";
import "@/classic/app.js";
